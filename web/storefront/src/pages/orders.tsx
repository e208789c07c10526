import type { OrderAnswer, Status } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useApi } from "@shared/session/context";
import { Badge, Moment, Money, PageHead, type Tone } from "@shared/ui/bits";
import { LinkButton } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Empty } from "@shared/ui/states";
import { useState } from "react";
import { useTexts } from "../messages/texts";
import { useProductName } from "../shop";

const STATUSES = [
  "placed",
  "paid",
  "shipped",
  "received",
  "returned",
  "cancelled",
  "lapsed",
  "refused",
] as const satisfies readonly Status[];

export const STATUS_TONES: Readonly<Record<Status, Tone>> = {
  placed: "warn",
  paid: "accent",
  shipped: "accent",
  received: "good",
  returned: "plain",
  cancelled: "plain",
  lapsed: "plain",
  refused: "plain",
};

export default function Orders() {
  const { orders: texts, cart, pages } = useTexts();
  const { status } = useCommon();
  const [filter, setFilter] = useState<Status | "all">("all");
  const query = filter === "all" ? {} : { status: filter };
  const orders = useApi().useInfiniteQuery("get", "/orders", { params: { query } }, PAGED);
  const none = (
    <Empty title={texts.none} action={<LinkButton to="/">{cart.toCatalogue}</LinkButton>}>
      {texts.noneHere}
    </Empty>
  );
  return (
    <div className="stack">
      <PageHead title={pages.orders}>
        <Select
          label={texts.filter}
          options={[{ id: "all", label: texts.all }, ...STATUSES.map((id) => ({ id, label: status[id] }))]}
          value={filter}
          onChange={setFilter}
        />
      </PageHead>
      <Pages query={orders} empty={none}>
        {(items) => (
          <ul className="stack">
            {items.map((each) => (
              <Summary key={each.order_id} order={each} />
            ))}
          </ul>
        )}
      </Pages>
    </div>
  );
}

function Summary({ order }: { order: OrderAnswer }) {
  const { orders: texts } = useTexts();
  const { status } = useCommon();
  const [first] = order.lines;
  const name = useProductName(first?.sku ?? "");
  const units = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  return (
    <li className="card">
      <div className="row apart">
        <h2>{texts.more(name, order.lines.length)}</h2>
        <Badge tone={STATUS_TONES[order.status]}>{status[order.status]}</Badge>
      </div>
      <div className="row apart">
        <span className="soft">
          <Moment at={order.placed_at} /> · {texts.units(units)}
        </span>
        <strong>
          <Money fen={order.paid_fen} />
        </strong>
      </div>
      <div className="row end">
        <LinkButton
          small
          to={`/orders/${order.order_id}`}
          look={order.status === "placed" ? "primary" : "plain"}
          aria-label={`${order.status === "placed" ? texts.toPay : texts.look} ${order.order_id}`}
        >
          {order.status === "placed" ? texts.toPay : texts.look}
        </LinkButton>
      </div>
    </li>
  );
}
