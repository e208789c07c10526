import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { beginningOf, dateAt } from "@shared/time";
import { TextField } from "@shared/ui/fields";
import { useState } from "react";
import { daysLater, earlier, later } from "./days";
import { useParts } from "./texts";

const DAYS = 30;

/** A span of days in store time, both ends included; the last thirty to begin with. */
export function useSpan() {
  const { zone } = useWords();
  const [{ first, last }, setSpan] = useState(() => {
    const today = dateAt(now(), zone);
    return { first: daysLater(today, 1 - DAYS), last: today };
  });
  return {
    first,
    last,
    set: (first: string, last: string) => setSpan({ first, last }),
    query: { since: beginningOf(first, zone), before: beginningOf(daysLater(last, 1), zone) },
  };
}

export function SpanFields({ span }: { span: ReturnType<typeof useSpan> }) {
  const texts = useParts();
  const { first, last, set } = span;
  return (
    <div className="filters">
      <TextField
        label={texts.from}
        type="date"
        value={first}
        max={last}
        onChange={(next) => next !== "" && set(next, later(next, last))}
      />
      <TextField
        label={texts.until}
        type="date"
        value={last}
        min={first}
        onChange={(next) => next !== "" && set(earlier(next, first), next)}
      />
    </div>
  );
}
