import type { OrderAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { Moment, Money } from "@shared/ui/bits";
import { type Column, Table } from "@shared/ui/table";
import { OrderBadge } from "../../parts/badges";
import { MemberRef, OrderRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { useTexts } from "./texts";

/** Orders as a dense list. */
export function OrdersTable({
  caption,
  orders,
  ofMember = false,
}: {
  caption: string;
  orders: readonly OrderAnswer[];
  ofMember?: boolean;
}) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const columns: Column<OrderAnswer>[] = [
    { id: "order", title: parts.order, head: true, cell: (each) => <OrderRef id={each.order_id} /> },
    { id: "placed", title: texts.placed, cell: (each) => <Moment at={each.placed_at} /> },
    { id: "status", title: texts.status, cell: (each) => <OrderBadge status={each.status} /> },
    ...(ofMember
      ? []
      : [
          {
            id: "member",
            title: texts.member,
            cell: (each: OrderAnswer) => <MemberRef id={each.member_id} />,
          },
        ]),
    {
      id: "goods",
      title: texts.goodsOf,
      cell: (each) => <Goods order={each} />,
    },
    {
      id: "units",
      title: texts.units,
      end: true,
      cell: (each) => number(each.lines.reduce((sum, line) => sum + line.quantity, 0)),
    },
    { id: "paid", title: texts.amount, end: true, cell: (each) => <Money fen={each.paid_fen} /> },
    { id: "refunded", title: texts.refunded, end: true, cell: (each) => <Money fen={each.refunded_fen} /> },
  ];
  return <Table caption={caption} rows={orders} keyOf={(each) => each.order_id} columns={columns} />;
}

/** What was bought, by its number: names would be a request for each. */
export function Goods({ order }: { order: OrderAnswer }) {
  const [first, ...others] = order.lines;
  if (first === undefined) return null;
  return (
    <span className="small-text">
      <span className="code">{first.sku}</span>
      {others.length > 0 && ` +${others.length}`}
    </span>
  );
}
