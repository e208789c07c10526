import type { SalesAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { decimal } from "@shared/money";
import { useApi } from "@shared/session/context";
import { Card, Day, Money, Notice } from "@shared/ui/bits";
import { Answered, Empty } from "@shared/ui/states";
import { Link } from "react-router";
import { Figure } from "../../parts/figure";
import { Chart } from "../../parts/lazy-chart";
import { Report, type ReportColumn } from "../../parts/report";
import { SpanFields, useSpan } from "../../parts/span";
import { useParts } from "../../parts/texts";
import { useWhole, WHOLE } from "../../parts/whole";
import { useCan } from "../../rights";
import { byDay, totalOf } from "./figures";
import { useTexts } from "./texts";

const ORDERS_A_PAGE = 100;
/** A chart of more days is one that nobody reads. */
const DAYS_MAX = 92;

export function Sales() {
  const texts = useTexts();
  const span = useSpan();
  const query = { ...span.query, limit: ORDERS_A_PAGE };
  const sales = useWhole(useApi().useInfiniteQuery("get", "/reports/sales", { params: { query } }, WHOLE));
  return (
    <Card title={texts.sales}>
      <SpanFields span={span} />
      <Answered query={sales} tall>
        {(items) =>
          items.length === 0 ? (
            <Empty title={texts.salesNone}>{texts.salesNoneHere}</Empty>
          ) : (
            <Shown sales={items} first={span.first} last={span.last} cut={sales.cut} />
          )
        }
      </Answered>
    </Card>
  );
}

function Shown({
  sales,
  first,
  last,
  cut,
}: {
  sales: readonly SalesAnswer[];
  first: string;
  last: string;
  cut: boolean;
}) {
  const texts = useTexts();
  const parts = useParts();
  const { number, yuan, day } = useWords();
  const days = byDay(sales, first, last, DAYS_MAX);
  const total = totalOf(sales);
  return (
    <>
      {cut && <Notice tone="warn">{parts.cut}</Notice>}
      <div className="figures">
        <Figure name={texts.paid} value={yuan(total.paid_fen)} under={texts.paidUnder} />
        <Figure name={texts.paidOrders} value={number(total.paid_orders)} />
        <Figure name={texts.discount} value={yuan(total.discount_fen)} />
        <Figure name={texts.refunded} value={yuan(total.refunded_fen)} under={texts.refundedUnder} />
      </div>
      <Chart
        title={texts.sales}
        series={[
          { id: "paid", label: texts.paid },
          { id: "refunded", label: texts.refunded },
        ]}
        points={days.map((each) => ({
          label: day(each.date),
          values: { paid: each.paid_fen, refunded: each.refunded_fen },
        }))}
        format={yuan}
      />
      <p className="soft small-text">{texts.salesCount}</p>
      <Report
        caption={texts.sales}
        report="sales"
        filters={{ from: first, until: last }}
        file={`sales-${first}-${last}`}
        rows={days.filter((each) => each.placed_orders > 0).reverse()}
        keyOf={(each) => each.date}
        columns={useColumns()}
      />
    </>
  );
}

function useColumns(): ReportColumn<SalesAnswer>[] {
  const texts = useTexts();
  const can = useCan();
  const { number } = useWords();
  const count = (id: keyof Omit<SalesAnswer, "date">, title: string): ReportColumn<SalesAnswer> => ({
    id,
    title,
    end: true,
    cell: (each) => number(each[id]),
    raw: (each) => each[id],
  });
  const amount = (id: keyof Omit<SalesAnswer, "date">, title: string): ReportColumn<SalesAnswer> => ({
    id,
    title,
    heading: texts.yuanCsv(title),
    end: true,
    cell: (each) => <Money fen={each[id]} />,
    raw: (each) => decimal(each[id]),
  });
  return [
    {
      id: "date",
      title: texts.date,
      head: true,
      cell: (each) =>
        can("search_orders") ? (
          <Link to={`/orders?since=${each.date}&until=${each.date}`}>
            <Day at={each.date} />
          </Link>
        ) : (
          <Day at={each.date} />
        ),
      raw: (each) => each.date,
    },
    count("placed_orders", texts.placed),
    count("paid_orders", texts.paidOrders),
    count("cancelled_orders", texts.cancelled),
    count("lapsed_orders", texts.lapsed),
    amount("list_fen", texts.list),
    amount("discount_fen", texts.discount),
    amount("shipping_fen", texts.shipping),
    amount("points_value_fen", texts.pointsValue),
    amount("paid_fen", texts.paid),
    amount("refunded_fen", texts.refunded),
    count("redeemed_points", texts.redeemed),
  ];
}
