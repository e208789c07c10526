import type { CaseAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { Badge, Moment } from "@shared/ui/bits";
import { Table } from "@shared/ui/table";
import { CaseBadge } from "../../parts/badges";
import { CaseRef, OrderRef } from "../../parts/refs";
import { useTexts } from "./texts";

/** Cases as a dense list. */
export function CasesTable({ caption, cases }: { caption: string; cases: readonly CaseAnswer[] }) {
  const texts = useTexts();
  const { caseKind, caseReason } = useCommon();
  return (
    <Table
      caption={caption}
      rows={cases}
      keyOf={(each) => each.case_id}
      columns={[
        { id: "case", title: texts.case, head: true, cell: (each) => <CaseRef id={each.case_id} /> },
        { id: "kind", title: texts.kind, cell: (each) => caseKind[each.kind] },
        {
          id: "reason",
          title: texts.reason,
          cell: (each) => (each.reason === null ? "—" : caseReason[each.reason]),
        },
        { id: "state", title: texts.states, cell: (each) => <CaseBadge state={each.state} /> },
        {
          id: "due",
          title: texts.due,
          cell: (each) => (
            <span className="row">
              {each.answer_by === null ? "—" : <Moment at={each.answer_by} />}
              {each.overdue && <Badge tone="bad">{texts.overdue}</Badge>}
            </span>
          ),
        },
        { id: "order", title: texts.order, cell: (each) => <OrderRef id={each.order_id} /> },
      ]}
    />
  );
}
