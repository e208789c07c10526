import { asProblem } from "@shared/api/problem";
import type { DifferenceAnswer, LiabilityAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Moment } from "@shared/ui/bits";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered, Empty } from "@shared/ui/states";
import { Figure } from "../../parts/figure";
import { Chart } from "../../parts/lazy-chart";
import { MemberRef, OrderRef } from "../../parts/refs";
import { Report } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { useTexts } from "./texts";

export function Liability() {
  const texts = useTexts();
  const can = useCan();
  const liability = useApi().useQuery("get", "/reports/points-liability");
  const none = liability.error !== null && asProblem(liability.error).code === "not_audited";
  if (none)
    return (
      <Card title={texts.liability}>
        <Empty title={texts.notAudited}>{texts.notAuditedHere}</Empty>
      </Card>
    );
  return (
    <div className="stack">
      <Card title={texts.liability}>
        <Answered query={liability} tall>
          {(found) => <Owed liability={found} />}
        </Answered>
      </Card>
      {can("get_points_differences") && liability.data !== undefined && <NotFitting />}
    </div>
  );
}

function Owed({ liability }: { liability: LiabilityAnswer }) {
  const texts = useTexts();
  const { number, yuan, moment } = useWords();
  return (
    <>
      <p className="soft">
        {texts.asOf(moment(liability.as_of), number(liability.accounts), number(liability.orders))}{" "}
        {liability.differences > 0 && (
          <Badge tone="bad">{texts.differencesFound(number(liability.differences))}</Badge>
        )}
      </p>
      <div className="figures">
        <Figure name={texts.value} value={yuan(liability.value_fen)} />
        <Figure name={texts.frozen} value={number(liability.frozen)} />
        <Figure name={texts.debt} value={number(liability.debt)} />
      </div>
      {liability.available.length > 0 && (
        <>
          <Chart
            title={texts.points}
            series={[{ id: "points", label: texts.points }]}
            points={liability.available.map((each) => ({
              label: String(each.earned_in),
              values: { points: each.points },
            }))}
            format={number}
            whole
          />
          <Report
            caption={texts.liability}
            report="points-liability"
            file={`points-liability-${liability.as_of.slice(0, 10)}`}
            rows={liability.available}
            keyOf={(each) => String(each.earned_in)}
            columns={[
              {
                id: "year",
                title: texts.earnedIn,
                head: true,
                cell: (each) => each.earned_in,
                raw: (each) => each.earned_in,
              },
              {
                id: "expires",
                title: texts.expires,
                cell: (each) => <Moment at={each.expires_at} />,
                raw: (each) => each.expires_at,
              },
              {
                id: "points",
                title: texts.points,
                end: true,
                cell: (each) => number(each.points),
                raw: (each) => each.points,
              },
            ]}
          />
        </>
      )}
    </>
  );
}

function NotFitting() {
  const texts = useTexts();
  const parts = useParts();
  const differences = useApi().useInfiniteQuery("get", "/reports/points-differences", {}, PAGED);
  const said = (of: DifferenceAnswer["found"]) => JSON.stringify(of);
  return (
    <Card title={texts.pointsDifferences}>
      <Pages
        query={differences}
        empty={<Empty title={texts.pointsDifferencesNone}>{texts.pointsDifferencesNoneHere}</Empty>}
      >
        {(items) => (
          <Report
            caption={texts.pointsDifferences}
            report="points-differences"
            file="points-differences"
            rows={items}
            keyOf={(each) => `${each.member_id}-${each.order_id}-${each.what}-${said(each.found)}`}
            columns={[
              {
                id: "member",
                title: parts.member,
                head: true,
                cell: (each) => <MemberRef id={each.member_id} />,
                raw: (each) => each.member_id,
              },
              {
                id: "order",
                title: parts.order,
                cell: (each) => (each.order_id === null ? "—" : <OrderRef id={each.order_id} />),
                raw: (each) => each.order_id ?? "",
              },
              {
                id: "what",
                title: texts.what,
                cell: (each) => <span className="code">{each.what}</span>,
                raw: (each) => each.what,
              },
              {
                id: "expected",
                title: texts.expected,
                cell: (each) => <span className="code">{said(each.expected)}</span>,
                raw: (each) => said(each.expected),
              },
              {
                id: "found",
                title: texts.found,
                cell: (each) => <span className="code">{said(each.found)}</span>,
                raw: (each) => said(each.found),
              },
            ]}
          />
        )}
      </Pages>
    </Card>
  );
}
