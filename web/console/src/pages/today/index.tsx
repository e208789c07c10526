import { asProblem } from "@shared/api/problem";
import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Card, PageHead } from "@shared/ui/bits";
import { Answered } from "@shared/ui/states";
import { Figure } from "../../parts/figure";
import { useWhole, WHOLE } from "../../parts/whole";
import { useCan } from "../../rights";
import { totalOf } from "../reports/figures";
import { Alarms } from "./alarms";
import { Marketing } from "./marketing";
import { useTexts } from "./texts";
import { Worklist } from "./worklist";

const ORDERS_A_PAGE = 100;

/** What has happened today, what is wrong, and what somebody has to see to. */
export default function Today() {
  const texts = useTexts();
  const can = useCan();
  const { day } = useWords();
  return (
    <div className="stack">
      <PageHead title={texts.title} under={day(now().toISOString())} />
      {can("get_sales") && <Figures />}
      <Alarms />
      {can("get_cases") && <Worklist />}
      {can("get_campaigns") && <Marketing />}
    </div>
  );
}

function Figures() {
  const texts = useTexts();
  const { number, yuan, zone } = useWords();
  const query = { date: dateAt(now(), zone), limit: ORDERS_A_PAGE };
  const sales = useWhole(useApi().useInfiniteQuery("get", "/reports/sales", { params: { query } }, WHOLE));
  return (
    <Card title={texts.figures}>
      <Answered query={sales}>
        {(items) => {
          const total = totalOf(items);
          return (
            <div className="figures">
              <Figure name={texts.placed} value={number(total.placed_orders)} />
              <Figure name={texts.paidOrders} value={number(total.paid_orders)} />
              <Figure name={texts.paid} value={yuan(total.paid_fen)} under={texts.paidUnder} />
              <Figure name={texts.refunded} value={yuan(total.refunded_fen)} under={texts.refundedUnder} />
              <Owed />
            </div>
          );
        }}
      </Answered>
    </Card>
  );
}

function Owed() {
  const texts = useTexts();
  const { number, yuan, moment } = useWords();
  const owed = useApi().useQuery("get", "/reports/points-liability");
  if (owed.error !== null && asProblem(owed.error).code === "not_audited")
    return <Figure name={texts.owed} value="—" under={texts.notAudited} />;
  return (
    <Answered query={owed}>
      {(found) => (
        <Figure
          name={texts.owed}
          value={yuan(found.value_fen)}
          under={`${texts.owedUnder(number(found.available.reduce((sum, each) => sum + each.points, 0)))} · ${moment(found.as_of)}`}
        />
      )}
    </Answered>
  );
}
