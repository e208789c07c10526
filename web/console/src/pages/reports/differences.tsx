import type { PaymentDifference, PaymentSide, PaymentStatement } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { decimal } from "@shared/money";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Badge, Card, Money } from "@shared/ui/bits";
import { TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { daysLater } from "../../parts/days";
import { useForeign } from "../../parts/foreign";
import { Report } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { useTexts } from "./texts";

export function Differences() {
  const texts = useTexts();
  const parts = useParts();
  const { zone } = useWords();
  const [date, setDate] = useState(() => daysLater(dateAt(now(), zone), -1));
  const differences = useApi().useInfiniteQuery(
    "get",
    "/reports/payment-differences",
    { params: { query: { date } } },
    PAGED,
  );
  const statements = differences.data?.pages[0]?.statements ?? [];
  return (
    <Card title={texts.differences}>
      <div className="filters">
        <TextField
          label={parts.day}
          type="date"
          value={date}
          onChange={(next) => next !== "" && setDate(next)}
        />
      </div>
      {statements.length > 0 && <Statements statements={statements} />}
      <Pages
        query={differences}
        empty={<Empty title={texts.differencesNone}>{texts.differencesNoneHere}</Empty>}
      >
        {(items) => <Found differences={items} date={date} />}
      </Pages>
    </Card>
  );
}

function Statements({ statements }: { statements: readonly PaymentStatement[] }) {
  const texts = useTexts();
  const parts = useParts();
  const { provider } = useCommon();
  const { number } = useWords();
  return (
    <Table
      caption={texts.statements}
      rows={statements}
      keyOf={(each) => each.provider}
      columns={[
        { id: "provider", title: texts.provider, head: true, cell: (each) => provider[each.provider] },
        {
          id: "state",
          title: parts.state,
          cell: (each) => (
            <Badge tone={each.state === "compared" ? "good" : each.state === "damaged" ? "bad" : "plain"}>
              {texts.statementStates[each.state]}
            </Badge>
          ),
        },
        { id: "lines", title: texts.lines, end: true, cell: (each) => number(each.lines) },
        {
          id: "payments",
          title: texts.payments,
          end: true,
          cell: (each) => <Money fen={each.payments_fen} />,
        },
        { id: "refunds", title: texts.refunds, end: true, cell: (each) => <Money fen={each.refunds_fen} /> },
        { id: "fees", title: texts.fees, end: true, cell: (each) => <Money fen={each.fees_fen} /> },
      ]}
    />
  );
}

function Found({ differences, date }: { differences: readonly PaymentDifference[]; date: string }) {
  const texts = useTexts();
  const { provider } = useCommon();
  const foreign = useForeign();
  const said = (side: PaymentSide | null) =>
    side === null
      ? "—"
      : [foreign(side.amount, side.currency), wordOf(texts.sides, side.state)]
          .filter((each) => each !== null)
          .join(" · ");
  const damage = (each: PaymentDifference) =>
    [each.line === null ? null : texts.ofLine(String(each.line)), wordOf(texts.damages, each.because)]
      .filter((part) => part !== null)
      .join(" · ");
  return (
    <Report
      caption={texts.differences}
      report="payment-differences"
      filters={{ from: date, until: date }}
      file={`payment-differences-${date}`}
      rows={differences}
      keyOf={(each) =>
        `${each.provider}-${each.kind}-${each.entry}-${each.payment_id}-${each.number}-${each.line}`
      }
      columns={[
        {
          id: "kind",
          title: texts.what,
          head: true,
          cell: (each) => (
            <>
              {texts.kinds[each.kind]}
              {each.entry !== null && <div className="soft">{texts.entries[each.entry]}</div>}
            </>
          ),
          raw: (each) => each.kind,
        },
        {
          id: "provider",
          title: texts.provider,
          cell: (each) => provider[each.provider],
          raw: (each) => each.provider,
        },
        {
          id: "payment",
          title: texts.payment,
          cell: (each) => <span className="code">{each.payment_id ?? each.number ?? "—"}</span>,
          raw: (each) => each.payment_id ?? each.number ?? "",
        },
        { id: "ours", title: texts.ours, cell: (each) => said(each.ours), raw: (each) => plain(each.ours) },
        {
          id: "theirs",
          title: texts.theirs,
          cell: (each) => said(each.theirs),
          raw: (each) => plain(each.theirs),
        },
        {
          id: "because",
          title: texts.inStatement,
          cell: (each) => damage(each) || "—",
          raw: (each) => [each.line, each.because].filter((part) => part !== null).join(" "),
        },
      ]}
    />
  );
}

/** The page's word for a code; a code that is newer than the page stands as it is. */
function wordOf(words: Readonly<Record<string, string>>, code: string | null): string | null {
  return code === null ? null : (words[code] ?? code);
}

/** A side as a spreadsheet takes it: the amount, its currency and the state's code. */
function plain(side: PaymentSide | null): string {
  if (side === null) return "";
  const amount = side.amount === null || side.currency !== "CNY" ? side.amount : decimal(side.amount);
  return [amount, side.currency, side.state].filter((each) => each !== null).join(" ");
}
