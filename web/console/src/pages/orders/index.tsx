import type { Status } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { beginningOf } from "@shared/time";
import { Card, Moment, Money, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { OrderBadge } from "../../parts/badges";
import { daysLater } from "../../parts/days";
import { MemberRef, OrderRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { type Right, useCan } from "../../rights";
import { handOver } from "../members/handed";
import { orderIdIn, readingsOf, type Sought } from "./search";
import { OrdersTable } from "./table";
import { useTexts } from "./texts";

const STATUSES: readonly Status[] = [
  "placed",
  "paid",
  "shipped",
  "received",
  "returned",
  "cancelled",
  "lapsed",
  "refused",
];
type Due = "lapse" | "receipt" | "late";
const DUE: readonly Due[] = ["lapse", "receipt", "late"];

export default function Orders() {
  const texts = useTexts();
  const can = useCan();
  const [query, setQuery] = useSearchParams();
  const view = query.get("view") === "due" ? "due" : "list";
  const sought = query.get("q");
  return (
    <div className="stack">
      <PageHead title={texts.title} under={texts.under} />
      <Find />
      {sought !== null ? (
        <Found typed={sought} as={query.get("as") === "payment" ? "payment" : "tracking"} />
      ) : (
        <>
          {can("get_due_orders") && (
            <Segments
              label={texts.view}
              options={[
                { id: "list", label: texts.views.list },
                { id: "due", label: texts.views.due },
              ]}
              value={view}
              onChange={(next) => setQuery(next === "due" ? { view: "due" } : {})}
            />
          )}
          {view === "due" ? <DueList /> : <List />}
        </>
      )}
    </div>
  );
}

/** Goes to where a text is looked up: as one of the things that it can be. */
function useLookUp(): (typed: string, as: Sought) => void {
  const navigate = useNavigate();
  const [, setQuery] = useSearchParams();
  return (typed, as) => {
    const text = typed.trim();
    switch (as) {
      case "order":
        return void navigate(`/orders/${orderIdIn(text)}`);
      case "case":
        return void navigate(`/cases/${text.toLowerCase()}`);
      case "member":
        return void navigate(`/members/${text.toLowerCase()}?tab=orders`);
      case "name":
      case "phone":
        // What is of a person stands in no address (K8).
        handOver(text);
        return void navigate("/members");
      default:
        setQuery({ q: text, as });
    }
  };
}

function Find() {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const lookUp = useLookUp();
  const [query, setQuery] = useSearchParams();
  const [typed, setTyped] = useState(query.get("q") ?? "");
  const readings = readingsOf(typed).filter((each) => can(RIGHTS[each]));
  const [first, ...others] = readings;
  return (
    <search className="stack tight">
      <form
        className="finder"
        onSubmit={(event) => {
          event.preventDefault();
          if (first === undefined) setQuery({});
          else lookUp(typed, first);
        }}
      >
        <TextField
          label={texts.find}
          note={first === undefined ? texts.findNote : texts.took[first]}
          value={typed}
          onChange={setTyped}
          type="search"
          maxLength={255}
        />
        <Button type="submit">{parts.find}</Button>
      </form>
      {others.length > 0 && (
        <div className="row">
          {others.map((each) => (
            <Button key={each} small onPress={() => lookUp(typed, each)}>
              {texts.instead[each]}
            </Button>
          ))}
        </div>
      )}
    </search>
  );
}

const RIGHTS: Record<Sought, Right> = {
  order: "get_order",
  case: "get_case",
  member: "get_member",
  phone: "search_members",
  name: "search_members",
  tracking: "search_orders",
  payment: "search_orders",
};

function Found({ typed, as }: { typed: string; as: "tracking" | "payment" }) {
  const texts = useTexts();
  const [, setQuery] = useSearchParams();
  const by = as === "payment" ? { payment_id: typed } : { tracking_no: typed };
  const found = useApi().useInfiniteQuery("get", "/orders/search", { params: { query: by } }, PAGED);
  return (
    <Card
      title={texts.took[as]}
      aside={
        <Button small onPress={() => setQuery({})}>
          {texts.backToList}
        </Button>
      }
    >
      <Pages query={found} empty={<Empty title={texts.foundNone}>{texts.foundNoneAs[as]}</Empty>}>
        {(items) => <OrdersTable caption={texts.took[as]} orders={items} />}
      </Pages>
    </Card>
  );
}

function List() {
  const texts = useTexts();
  const { status: words } = useCommon();
  const parts = useParts();
  const { zone } = useWords();
  const [query, setQuery] = useSearchParams();
  const status = STATUSES.find((each) => each === query.get("status")) ?? null;
  const since = query.get("since");
  const until = query.get("until");
  const reversed = since !== null && until !== null && until < since;
  const orders = useApi().useInfiniteQuery(
    "get",
    "/orders/search",
    {
      params: {
        query: {
          ...(status !== null && { status }),
          ...(since && { since: beginningOf(since, zone) }),
          ...(until && { before: beginningOf(daysLater(until, 1), zone) }),
        },
      },
    },
    PAGED,
  );
  const set = (name: string, value: string) =>
    setQuery((former) => {
      const next = new URLSearchParams(former);
      if (value === "") next.delete(name);
      else next.set(name, value);
      return next;
    });
  return (
    <>
      <div className="filters">
        <Select
          label={texts.status}
          options={[
            { id: "all", label: parts.all },
            ...STATUSES.map((each) => ({ id: each, label: words[each] })),
          ]}
          value={status ?? "all"}
          onChange={(next) => set("status", next === "all" ? "" : next)}
        />
        <TextField
          label={texts.since}
          type="date"
          value={since ?? ""}
          onChange={(next) => set("since", next)}
        />
        <TextField
          label={texts.until}
          type="date"
          value={until ?? ""}
          wrong={reversed ? texts.datesReversed : null}
          onChange={(next) => set("until", next)}
        />
      </div>
      <Pages query={orders} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => <OrdersTable caption={texts.title} orders={items} />}
      </Pages>
    </>
  );
}

function DueList() {
  const texts = useTexts();
  const parts = useParts();
  const [kind, setKind] = useState<Due>("lapse");
  const due = useApi().useInfiniteQuery("get", "/orders/due", { params: { query: { kind } } }, PAGED);
  return (
    <>
      <Segments
        label={texts.dueKind}
        options={DUE.map((id) => ({ id, label: texts.dueKinds[id] }))}
        value={kind}
        onChange={setKind}
      />
      <Pages query={due} empty={<Empty title={texts.dueNone}>{texts.dueNoneHere}</Empty>}>
        {(items) => (
          <Table
            caption={texts.dueKinds[kind]}
            rows={items}
            keyOf={(each) => each.order.order_id}
            columns={[
              {
                id: "order",
                title: parts.order,
                head: true,
                cell: (each) => <OrderRef id={each.order.order_id} />,
              },
              { id: "due", title: texts.dueAt, cell: (each) => <Moment at={each.due_at} /> },
              {
                id: "status",
                title: texts.status,
                cell: (each) => <OrderBadge status={each.order.status} />,
              },
              { id: "member", title: texts.member, cell: (each) => <MemberRef id={each.order.member_id} /> },
              {
                id: "paid",
                title: texts.amount,
                end: true,
                cell: (each) => <Money fen={each.order.paid_fen} />,
              },
            ]}
          />
        )}
      </Pages>
    </>
  );
}
