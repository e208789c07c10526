import type { AlarmAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card } from "@shared/ui/bits";
import { Answered, Empty } from "@shared/ui/states";
import { Link } from "react-router";
import { useCan } from "../../rights";
import { kindOf, PLACES } from "./kinds";
import { useTexts } from "./texts";

/** What is wrong with the suite: in the reader's words, with what to do about it (K3). */
export function Alarms() {
  const texts = useTexts();
  const { number } = useWords();
  const alarms = useApi().useQuery("get", "/alarms");
  return (
    <Card title={texts.alarms}>
      <Answered query={alarms}>
        {({ alarms: found }) => {
          const off = found.filter((each) => each.state === "alarm");
          if (found.length === 0) return <Empty title={texts.alarmsNone}>{texts.alarmsNoneHere}</Empty>;
          if (off.length === 0)
            return (
              <p className="row">
                <Badge tone="good">{texts.alarmsFine}</Badge>
                <span className="soft">{texts.alarmsFineHere(number(found.length))}</span>
              </p>
            );
          return (
            <ul className="stack tight">
              {off.map((each) => (
                <Alarm key={each.alarm} alarm={each} />
              ))}
            </ul>
          );
        }}
      </Answered>
    </Card>
  );
}

function Alarm({ alarm }: { alarm: AlarmAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const { moment } = useWords();
  const kind = kindOf(alarm.alarm);
  const place = kind === null ? undefined : PLACES[kind];
  return (
    <li className="notice bad">
      <div className="row apart">
        <strong>{kind === null ? alarm.says : texts.kinds[kind].what}</strong>
        <span className="small-text">{texts.since(moment(alarm.since))}</span>
      </div>
      <p>{kind === null ? texts.tellAdmin : texts.kinds[kind].todo}</p>
      {place !== undefined && can(place.right) && (
        <p>
          <Link to={place.to}>{texts.goThere}</Link>
        </p>
      )}
      <details className="small-text">
        <summary>{texts.forEngineers}</summary>
        <p>
          <span className="code">{alarm.alarm}</span>
          {alarm.page !== null && (
            <>
              {" · "}
              {texts.page} <span className="code">{alarm.page}</span>
            </>
          )}
        </p>
        {/* What it looks at stands in it, such as the names of functions: nothing for a page to translate. */}
        <p lang="en">{alarm.says}</p>
      </details>
    </li>
  );
}
