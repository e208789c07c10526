import type { OrderAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Moment } from "@shared/ui/bits";
import { Answered } from "@shared/ui/states";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useForeign } from "../../parts/foreign";
import { CaseRef, OrderRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { useWhole, WHOLE } from "../../parts/whole";
import { useCan } from "../../rights";
import { Goods } from "../orders/table";
import { useTexts } from "./texts";

/** So many of each are read: enough to say how many there are, or that there are more. */
const LIMIT = 20;
const SHOWN = 5;
const PAGE_LIMIT = 100;
/** So many pages of orders to ship are read to find those that have waited longest. */
const PAGES_MAX = 3;

/** What somebody has to see to, each with how many there are and the first few (K1). */
export function Worklist() {
  const texts = useTexts();
  const can = useCan();
  return (
    <section className="stack" aria-label={texts.worklist}>
      <h2>{texts.worklist}</h2>
      <div className="columns">
        {can("get_cases") && <Cases />}
        {can("ship_order") && <ToShip />}
        {can("get_late_deliveries") && <Late />}
        {can("get_unassigned_payments") && <Unassigned />}
        {can("get_refunds") && <Refunds state="failed" />}
        {can("get_refunds") && <Refunds state="manual" />}
        {can("get_due_orders") && <Lapsing />}
      </div>
    </section>
  );
}

interface Query<T> {
  data: { items: readonly T[]; next_cursor: string | null } | undefined;
  error: unknown;
  isPending: boolean;
  refetch: () => unknown;
}

function Work<T>({
  title,
  none,
  to,
  query,
  keyOf,
  children,
}: {
  title: string;
  none: string;
  to: string;
  query: Query<T>;
  keyOf: (item: T) => string;
  children: (item: T) => ReactNode;
}) {
  const parts = useParts();
  const { number } = useWords();
  const found = query.data;
  const count = found?.items.length ?? 0;
  const more = found !== undefined && found.next_cursor !== null;
  return (
    <Card
      title={title}
      aside={
        found !== undefined && (
          <Badge tone={count === 0 ? "good" : "warn"}>{more ? parts.more(count) : number(count)}</Badge>
        )
      }
    >
      <Answered query={query}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="soft">{none}</p>
          ) : (
            <>
              <ul className="work">
                {items.slice(0, SHOWN).map((item) => (
                  <li key={keyOf(item)}>{children(item)}</li>
                ))}
              </ul>
              <Link to={to} className="small-text" aria-label={`${parts.openAll} · ${title}`}>
                {parts.openAll}
              </Link>
            </>
          )
        }
      </Answered>
    </Card>
  );
}

function Cases() {
  const texts = useTexts();
  const cases = useApi().useQuery("get", "/cases", { params: { query: { limit: LIMIT } } });
  return (
    <Work title={texts.cases} none={texts.casesNone} to="/cases" query={cases} keyOf={(each) => each.case_id}>
      {(each) => (
        <>
          <CaseRef id={each.case_id} />
          <span className="small-text">
            {each.overdue ? (
              <Badge tone="bad">{texts.overdue}</Badge>
            ) : (
              each.answer_by !== null && <Moment at={each.answer_by} />
            )}
          </span>
        </>
      )}
    </Work>
  );
}

function ToShip() {
  const texts = useTexts();
  const query = { status: "paid", limit: PAGE_LIMIT } as const;
  const found = useWhole(
    useApi().useInfiniteQuery("get", "/orders/search", { params: { query } }, WHOLE),
    PAGES_MAX,
  );
  // The API lists the newest first; what has waited longest is shipped first.
  const oldest = found.data?.toSorted((one, other) => waitsSince(one).localeCompare(waitsSince(other)));
  const orders = { ...found, data: oldest && { items: oldest, next_cursor: found.cut ? "more" : null } };
  return (
    <Work
      title={found.cut ? texts.toShipLatest : texts.toShip}
      none={texts.toShipNone}
      to="/orders?status=paid"
      query={orders}
      keyOf={(each) => each.order_id}
    >
      {(each) => (
        <>
          <span>
            <OrderRef id={each.order_id} /> <Goods order={each} />
          </span>
          <span className="small-text">
            <Moment at={waitsSince(each)} />
          </span>
        </>
      )}
    </Work>
  );
}

/** All are moments of the store, so that as texts they are in the order of time. */
function waitsSince(order: OrderAnswer): string {
  return order.paid_at ?? order.placed_at;
}

function Late() {
  const texts = useTexts();
  const can = useCan();
  const orders = useApi().useQuery("get", "/reports/late-deliveries", {
    params: { query: { limit: LIMIT } },
  });
  return (
    <Work
      title={texts.late}
      none={texts.lateNone}
      to={can("get_refunds") ? "/reports?report=late" : "/orders?status=shipped"}
      query={orders}
      keyOf={(each) => each.order_id}
    >
      {(each) => (
        <>
          <OrderRef id={each.order_id} />
          <span className="small-text">{each.shipped_at !== null && <Moment at={each.shipped_at} />}</span>
        </>
      )}
    </Work>
  );
}

function Lapsing() {
  const texts = useTexts();
  const due = useApi().useQuery("get", "/orders/due", {
    params: { query: { kind: "lapse", limit: LIMIT } },
  });
  return (
    <Work
      title={texts.lapsing}
      none={texts.lapsingNone}
      to="/orders?view=due"
      query={due}
      keyOf={(each) => each.order.order_id}
    >
      {(each) => (
        <>
          <OrderRef id={each.order.order_id} />
          <span className="small-text">
            <Moment at={each.due_at} />
          </span>
        </>
      )}
    </Work>
  );
}

function Unassigned() {
  const texts = useTexts();
  const foreign = useForeign();
  const payments = useApi().useQuery("get", "/reports/unassigned-payments", {
    params: { query: { limit: LIMIT } },
  });
  return (
    <Work
      title={texts.unassigned}
      none={texts.unassignedNone}
      to="/reports?report=unassigned"
      query={payments}
      keyOf={(each) => each.payment_id}
    >
      {(each) => (
        <>
          <span className="code">{each.payment_id}</span>
          <span className="small-text numbers">{foreign(each.amount, each.currency)}</span>
        </>
      )}
    </Work>
  );
}

function Refunds({ state }: { state: "failed" | "manual" }) {
  const texts = useTexts();
  const foreign = useForeign();
  const refunds = useApi().useQuery("get", "/reports/refunds", {
    params: { query: { state, limit: LIMIT } },
  });
  return (
    <Work
      title={texts[state]}
      none={state === "failed" ? texts.failedNone : texts.manualNone}
      to={`/reports?report=refunds&state=${state}`}
      query={refunds}
      keyOf={(each) => each.refund_id}
    >
      {(each) => (
        <>
          {each.order_id === null ? (
            <span className="code">{each.refund_id}</span>
          ) : (
            <OrderRef id={each.order_id} />
          )}
          <span className="small-text numbers">{foreign(each.amount, each.currency)}</span>
        </>
      )}
    </Work>
  );
}
