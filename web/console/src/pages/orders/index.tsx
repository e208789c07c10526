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
import { MemberRef, OrderRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { type Sought, soughtIn } from "./search";
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
        <Found typed={sought} as={(query.get("as") as Sought | null) ?? soughtIn(sought)} />
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

function Find() {
  const texts = useTexts();
  const parts = useParts();
  const navigate = useNavigate();
  const [query, setQuery] = useSearchParams();
  const [typed, setTyped] = useState(query.get("q") ?? "");
  function find() {
    const text = typed.trim();
    if (text === "") setQuery({});
    else if (soughtIn(text) === "order") navigate(`/orders/${text}`);
    else if (soughtIn(text) === "member") navigate(`/members/${text.toLowerCase()}?tab=orders`);
    else setQuery({ q: text });
  }
  return (
    <search>
      <form
        className="finder"
        onSubmit={(event) => {
          event.preventDefault();
          find();
        }}
      >
        <TextField
          label={texts.find}
          note={typed.trim() === "" ? texts.findNote : texts.took[soughtIn(typed)]}
          value={typed}
          onChange={setTyped}
          type="search"
          maxLength={255}
        />
        <Button type="submit">{parts.find}</Button>
      </form>
    </search>
  );
}

function Found({ typed, as }: { typed: string; as: Sought }) {
  const texts = useTexts();
  const [, setQuery] = useSearchParams();
  const by = as === "payment" ? { payment_id: typed } : { tracking_no: typed };
  const found = useApi().useInfiniteQuery("get", "/orders/search", { params: { query: by } }, PAGED);
  const other = as === "payment" ? "tracking" : "payment";
  return (
    <Card
      title={texts.took[as]}
      aside={
        <span className="row">
          <Button small onPress={() => setQuery({ q: typed, as: other })}>
            {texts.instead[other]}
          </Button>
          <Button small onPress={() => setQuery({})}>
            {texts.backToList}
          </Button>
        </span>
      }
    >
      <Pages query={found} empty={<Empty title={texts.foundNone}>{texts.foundNoneHere}</Empty>}>
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
  const before = query.get("before");
  const orders = useApi().useInfiniteQuery(
    "get",
    "/orders/search",
    {
      params: {
        query: {
          ...(status !== null && { status }),
          ...(since && { since: beginningOf(since, zone) }),
          ...(before && { before: beginningOf(before, zone) }),
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
          label={texts.before}
          type="date"
          value={before ?? ""}
          onChange={(next) => set("before", next)}
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
                title: texts.paid,
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
