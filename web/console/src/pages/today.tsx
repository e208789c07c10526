import type { CaseAnswer } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi, useUser } from "@shared/session/context";
import { may } from "@shared/session/session";
import { Badge, Card, Moment, PageHead } from "@shared/ui/bits";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useTexts } from "../messages/texts";

/** What staff have to act on, by its deadline. */
export default function Today() {
  const texts = useTexts();
  const { day } = useWords();
  const user = useUser();
  return (
    <div className="stack">
      <PageHead title={texts.pages.today} under={day(now().toISOString())} />
      {may(user, "clerk") && <Cases />}
    </div>
  );
}

function Cases() {
  const texts = useTexts().today;
  const { caseKind, caseState } = useCommon();
  const cases = useApi().useInfiniteQuery("get", "/cases", {}, PAGED);
  return (
    <Card title={texts.cases}>
      <Pages query={cases} empty={<Empty title={texts.casesNone}>{texts.casesNoneHere}</Empty>}>
        {(items) => (
          <Table<CaseAnswer>
            caption={texts.cases}
            rows={items}
            keyOf={(each) => each.case_id}
            columns={[
              {
                id: "case",
                title: texts.case,
                head: true,
                cell: (each) => <span className="code">{each.case_id}</span>,
              },
              { id: "kind", title: texts.kind, cell: (each) => caseKind[each.kind] },
              { id: "state", title: texts.state, cell: (each) => <Badge>{caseState[each.state]}</Badge> },
              {
                id: "order",
                title: texts.order,
                cell: (each) => <span className="code">{each.order_id}</span>,
              },
              {
                id: "due",
                title: texts.due,
                cell: (each) =>
                  each.overdue ? (
                    <Badge tone="bad">{texts.overdue}</Badge>
                  ) : (
                    each.answer_by !== null && <Moment at={each.answer_by} />
                  ),
              },
            ]}
          />
        )}
      </Pages>
    </Card>
  );
}
