import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Card, Notice } from "@shared/ui/bits";
import { Answered, Empty } from "@shared/ui/states";
import { Chart } from "../../parts/lazy-chart";
import { SkuRef } from "../../parts/refs";
import { Report } from "../../parts/report";
import { SpanFields, useSpan } from "../../parts/span";
import { useParts } from "../../parts/texts";
import { useWhole, WHOLE } from "../../parts/whole";
import { bySku, shareOf } from "./figures";
import { useTexts } from "./texts";

const ORDERS_A_PAGE = 100;
/** So many products stand in the chart; the table has them all. */
const BARS_MAX = 12;

export function Returns() {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const span = useSpan();
  const query = { ...span.query, limit: ORDERS_A_PAGE };
  const returns = useWhole(
    useApi().useInfiniteQuery("get", "/reports/returns", { params: { query } }, WHOLE),
  );
  const count = (id: "received" | "returned" | "lost" | "exchanged", title: string) => ({
    id,
    title,
    end: true,
    cell: (each: { [K in typeof id]: number }) => number(each[id]),
    raw: (each: { [K in typeof id]: number }) => each[id],
  });
  return (
    <Card title={texts.returns}>
      <SpanFields span={span} />
      <Answered query={returns} tall>
        {(items) => {
          const skus = bySku(items);
          if (skus.length === 0) return <Empty title={texts.returnsNone}>{texts.returnsNoneHere}</Empty>;
          return (
            <>
              {returns.cut && <Notice tone="warn">{parts.cut}</Notice>}
              <Chart
                title={texts.units}
                series={[
                  { id: "received", label: texts.received },
                  { id: "returned", label: texts.returned },
                ]}
                points={skus.slice(0, BARS_MAX).map((each) => ({
                  label: each.sku,
                  values: { received: each.received, returned: each.returned },
                }))}
                format={number}
                whole
              />
              <p className="soft small-text">{texts.returnsCount}</p>
              <Report
                caption={texts.returns}
                report="returns"
                filters={{ from: span.first, until: span.last }}
                file={`returns-${span.first}-${span.last}`}
                rows={skus}
                keyOf={(each) => each.sku}
                columns={[
                  {
                    id: "sku",
                    title: parts.product,
                    head: true,
                    cell: (each) => <SkuRef id={each.sku} />,
                    raw: (each) => each.sku,
                  },
                  count("received", texts.received),
                  count("returned", texts.returned),
                  count("lost", texts.lost),
                  count("exchanged", texts.exchanged),
                  { id: "share", title: texts.share, end: true, cell: shareOf, raw: shareOf },
                ]}
              />
            </>
          );
        }}
      </Answered>
    </Card>
  );
}
