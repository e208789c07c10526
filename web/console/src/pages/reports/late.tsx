import { useApi } from "@shared/session/context";
import { Card, Id, Moment } from "@shared/ui/bits";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { OrderRef } from "../../parts/refs";
import { Report } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { useTexts } from "./texts";

export function Late() {
  const texts = useTexts();
  const parts = useParts();
  const late = useApi().useInfiniteQuery("get", "/reports/late-deliveries", {}, PAGED);
  return (
    <Card title={texts.late}>
      <Pages query={late} empty={<Empty title={texts.lateNone}>{texts.lateNoneHere}</Empty>}>
        {(items) => (
          <Report
            caption={texts.late}
            report="late-deliveries"
            file="late-deliveries"
            rows={items}
            keyOf={(each) => each.order_id}
            columns={[
              {
                id: "order",
                title: parts.order,
                head: true,
                cell: (each) => <OrderRef id={each.order_id} />,
                raw: (each) => each.order_id,
              },
              {
                id: "shipped",
                title: texts.shipped,
                cell: (each) => (each.shipped_at === null ? "—" : <Moment at={each.shipped_at} />),
                raw: (each) => each.shipped_at ?? "",
              },
              {
                id: "carrier",
                title: texts.carrier,
                cell: (each) => each.carrier ?? "—",
                raw: (each) => each.carrier ?? "",
              },
              {
                id: "tracking",
                title: texts.tracking,
                cell: (each) =>
                  each.tracking_no === null ? "—" : <Id of={texts.tracking}>{each.tracking_no}</Id>,
                raw: (each) => each.tracking_no ?? "",
              },
            ]}
          />
        )}
      </Pages>
    </Card>
  );
}
