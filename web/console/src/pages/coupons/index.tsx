import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Money, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { TemplateRef } from "../../parts/refs";
import { useCan } from "../../rights";
import { useTexts as useMemberTexts } from "../members/texts";
import { GiveCoupon } from "./give";
import { Put } from "./put";
import { useWorth } from "./said";
import { useTexts } from "./texts";

export default function Coupons() {
  const texts = useTexts();
  const { give } = useMemberTexts();
  const can = useCan();
  const worth = useWorth();
  const { number } = useWords();
  const [open, setOpen] = useState<"put" | "give" | null>(null);
  const templates = useApi().useInfiniteQuery("get", "/coupon-templates", {}, PAGED);
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under}>
        {can("put_coupon_template") && (
          <Button look="primary" onPress={() => setOpen("put")}>
            {texts.create}
          </Button>
        )}
        {can("issue_coupon") && <Button onPress={() => setOpen("give")}>{give}</Button>}
      </PageHead>
      {open === "put" && <Put template={null} onClose={() => setOpen(null)} />}
      {open === "give" && <GiveCoupon onClose={() => setOpen(null)} />}
      <Pages query={templates} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => (
          <Table
            caption={texts.title}
            rows={items}
            keyOf={(each) => each.template_id}
            columns={[
              {
                id: "id",
                title: texts.id,
                head: true,
                cell: (each) => <TemplateRef id={each.template_id} />,
              },
              { id: "name", title: texts.name, cell: (each) => each.name },
              { id: "worth", title: texts.worth, cell: (each) => worth(each) },
              { id: "min", title: texts.min, end: true, cell: (each) => <Money fen={each.min_fen} /> },
              {
                id: "status",
                title: texts.status,
                cell: (each) => (
                  <Badge tone={each.status === "active" ? "good" : "warn"}>
                    {texts.statuses[each.status]}
                  </Badge>
                ),
              },
              { id: "claimed", title: texts.claimed, end: true, cell: (each) => number(each.claimed) },
            ]}
          />
        )}
      </Pages>
    </div>
  );
}
