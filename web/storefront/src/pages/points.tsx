import type { EntryAnswer, EntryKind } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Card, Moment, PageHead } from "@shared/ui/bits";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Answered, Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { useTexts } from "../messages/texts";

const KINDS = [
  "earn",
  "release",
  "redeem",
  "restore",
  "reverse",
  "expire",
  "lapse",
  "adjust",
] as const satisfies readonly EntryKind[];

export default function Points() {
  const { pages } = useTexts();
  return (
    <div className="stack">
      <PageHead title={pages.points} />
      <Wallet />
      <Ledger />
    </div>
  );
}

function Wallet() {
  const { points: texts } = useTexts();
  const { number, moment } = useWords();
  const wallet = useApi().useQuery("get", "/members/me/points", {});
  return (
    <Answered query={wallet} tall>
      {(found) => (
        <div className="columns">
          <Figure name={texts.available} value={number(found.available)}>
            {found.expiring.map((each) => (
              <p key={each.expires_at} className="soft small-text">
                {texts.expires(number(each.points), moment(each.expires_at))}
              </p>
            ))}
          </Figure>
          <Figure name={texts.frozen} value={number(found.frozen)}>
            <p className="soft small-text">{texts.frozenHere}</p>
          </Figure>
          {found.debt > 0 && (
            <Figure name={texts.debt} value={number(found.debt)}>
              <p className="soft small-text">{texts.debtHere}</p>
            </Figure>
          )}
        </div>
      )}
    </Answered>
  );
}

function Figure({ name, value, children }: { name: string; value: string; children: ReactNode }) {
  return (
    <Card title={name}>
      <div className="figure">
        <span className="value">{value}</span>
        {children}
      </div>
    </Card>
  );
}

function Ledger() {
  const { points: texts } = useTexts();
  const { entryKind } = useCommon();
  const { number } = useWords();
  const [kind, setKind] = useState<EntryKind | "all">("all");
  const query = kind === "all" ? {} : { kind };
  const entries = useApi().useInfiniteQuery(
    "get",
    "/members/me/points/entries",
    { params: { query } },
    PAGED,
  );
  const signed = (count: number) => (count > 0 ? `+${number(count)}` : count === 0 ? "—" : number(count));
  return (
    <Card
      title={texts.ledger}
      aside={
        <Select
          label={texts.filter}
          options={[{ id: "all", label: texts.all }, ...KINDS.map((id) => ({ id, label: entryKind[id] }))]}
          value={kind}
          onChange={setKind}
        />
      }
    >
      <Pages query={entries} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => (
          <Table<EntryAnswer>
            caption={texts.ledger}
            rows={items}
            keyOf={(each) => each.entry_id}
            columns={[
              { id: "kind", title: texts.kind, head: true, cell: (each) => <What entry={each} /> },
              { id: "when", title: texts.when, cell: (each) => <Moment at={each.occurred_at} /> },
              { id: "change", title: texts.change, end: true, cell: (each) => signed(each.available_delta) },
              {
                id: "frozen",
                title: texts.frozenChange,
                end: true,
                cell: (each) => signed(each.frozen_delta),
              },
              {
                id: "after",
                title: texts.after,
                end: true,
                cell: (each) => `${number(each.available)} / ${number(each.frozen)}`,
              },
            ]}
          />
        )}
      </Pages>
    </Card>
  );
}

/** What an entry was, of which order, and what the reason says. */
function What({ entry }: { entry: EntryAnswer }) {
  const { points: texts } = useTexts();
  const { entryKind } = useCommon();
  const { number } = useWords();
  return (
    <>
      {entryKind[entry.kind]}
      {entry.order_id !== null && (
        <>
          {" "}
          <Link to={`/orders/${entry.order_id}`} className="small-text">
            {texts.order}
          </Link>
        </>
      )}
      {entry.lapsed_points > 0 && (
        <p className="soft small-text">{texts.lapsed(number(entry.lapsed_points))}</p>
      )}
      {entry.reason !== null && <p className="soft small-text words">{entry.reason}</p>}
    </>
  );
}
