import type { CaseFiguresAnswer, CaseKind } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Card } from "@shared/ui/bits";
import { TextField } from "@shared/ui/fields";
import { Answered, Empty } from "@shared/ui/states";
import { useState } from "react";
import { monthOf } from "../../parts/days";
import { Figure } from "../../parts/figure";
import { Chart } from "../../parts/lazy-chart";
import { Report } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { percentOf } from "./figures";
import { useTexts } from "./texts";

const SECONDS_A_MINUTE = 60;
const KINDS: readonly CaseKind[] = ["return", "exchange", "refund_only", "complaint"];

export function Cases() {
  const texts = useTexts();
  const parts = useParts();
  const { zone } = useWords();
  const [month, setMonth] = useState(() => dateAt(now(), zone).slice(0, 7));
  const figures = useApi().useQuery("get", "/reports/cases", { params: { query: { month } } });
  return (
    <Card title={texts.cases}>
      <div className="filters">
        <TextField
          label={parts.month}
          type="month"
          value={month}
          onChange={(next) => next !== "" && setMonth(next)}
        />
      </div>
      <Answered query={figures} tall>
        {(found) => <Shown figures={found} />}
      </Answered>
    </Card>
  );
}

function Shown({ figures }: { figures: CaseFiguresAnswer }) {
  const texts = useTexts();
  const { caseKind } = useCommon();
  const { number } = useWords();
  const rows = KINDS.map((kind) => ({ kind, opened: figures.opened[kind] ?? 0 }));
  const opened = rows.reduce((sum, row) => sum + row.opened, 0);
  if (opened === 0) return <Empty title={texts.noCases} />;
  return (
    <>
      <div className="figures">
        <Figure name={texts.opened} value={number(opened)} />
        <Figure name={texts.answered} value={number(figures.answered)} />
        <Figure
          name={texts.overdue}
          value={number(figures.overdue)}
          under={`${texts.shareOverdue} ${figures.share_overdue === null ? "—" : percentOf(figures.share_overdue)}`}
        />
        <Figure
          name={texts.answerTime}
          value={
            figures.answer_seconds === null
              ? "—"
              : texts.minutes(number(Math.round(figures.answer_seconds / SECONDS_A_MINUTE)))
          }
        />
      </div>
      <Chart
        title={texts.opened}
        series={[{ id: "opened", label: texts.opened }]}
        points={rows.map((row) => ({ label: caseKind[row.kind], values: { opened: row.opened } }))}
        format={number}
        whole
      />
      <Report
        caption={texts.cases}
        report="cases"
        filters={monthOf(figures.month)}
        file={`cases-${figures.month}`}
        rows={rows}
        keyOf={(row) => row.kind}
        columns={[
          {
            id: "kind",
            title: texts.caseKind,
            head: true,
            cell: (row) => caseKind[row.kind],
            raw: (row) => row.kind,
          },
          {
            id: "opened",
            title: texts.opened,
            end: true,
            cell: (row) => number(row.opened),
            raw: (row) => row.opened,
          },
        ]}
      />
    </>
  );
}
