import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { useApi, useShop } from "@shared/session/context";
import { beginningOf, left } from "@shared/time";
import { LinkButton } from "@shared/ui/button";
import { useEffect, useState } from "react";
import { useTexts } from "../messages/texts";

const LOOK_MILLISECONDS = 15_000;
const DAY_MILLISECONDS = 86_400_000;

/** The member day: that it is open and until when, or how long it is until the next. */
export function MemberDay() {
  const { memberDay: texts, off } = useTexts();
  const { day, moment } = useWords();
  const { zone } = useShop().config;
  const query = useApi().useQuery("get", "/member-day", {});
  const [at, setAt] = useState(now);
  useEffect(() => {
    const timer = window.setInterval(() => setAt(now()), LOOK_MILLISECONDS);
    return () => window.clearInterval(timer);
  }, []);

  const found = query.data;
  if (found === undefined) return <div className="member-day bone" aria-hidden="true" />;
  const rate = found.your_rate === null ? texts.noRate : texts.rate(off(found.your_rate));
  if (found.open) {
    const end = new Date(new Date(beginningOf(found.date, zone)).getTime() + DAY_MILLISECONDS);
    return (
      <section className="member-day open" aria-label={texts.open}>
        <div>
          <h2>{texts.open}</h2>
          <p>{texts.openUntil(moment(end.toISOString()))}</p>
        </div>
        <p>{rate}</p>
        <LinkButton to="/?zone=zone" look="primary">
          {texts.zone}
        </LinkButton>
      </section>
    );
  }
  const rest = left(new Date(beginningOf(found.next_date, zone)), at);
  return (
    <section className="member-day" aria-label={texts.next}>
      <div>
        <h2>{texts.next}</h2>
        <p className="countdown numbers">{texts.left(rest.days, rest.hours, rest.minutes)}</p>
      </div>
      <div>
        <p>{texts.on(day(found.next_date))}</p>
        <p className="soft">{rate}</p>
      </div>
      <LinkButton to="/?zone=zone">{texts.zone}</LinkButton>
    </section>
  );
}
