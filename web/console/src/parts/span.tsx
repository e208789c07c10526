import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { beginningOf, dateAt } from "@shared/time";
import { TextField } from "@shared/ui/fields";
import { useState } from "react";
import { daysLater } from "./days";
import { useParts } from "./texts";

const DAYS = 30;

/** A span of days in store time, both ends included; the last thirty to begin with. */
export function useSpan() {
  const { zone } = useWords();
  const [{ first, last }, setSpan] = useState(() => {
    const today = dateAt(now(), zone);
    return { first: daysLater(today, 1 - DAYS), last: today };
  });
  const [typed, setTyped] = useState({ first, last });
  return {
    first,
    last,
    typed,
    /** What is no span is kept as it was typed, and asked for by nobody. */
    set: (typed: { first: string; last: string }) => {
      setTyped(typed);
      if (typed.first <= typed.last) setSpan(typed);
    },
    query: { since: beginningOf(first, zone), before: beginningOf(daysLater(last, 1), zone) },
  };
}

export function SpanFields({ span }: { span: ReturnType<typeof useSpan> }) {
  const texts = useParts();
  const { typed, set } = span;
  const { first, last } = typed;
  return (
    <div className="filters">
      <TextField
        label={texts.from}
        type="date"
        value={first}
        onChange={(next) => next !== "" && set({ first: next, last })}
      />
      <TextField
        label={texts.until}
        type="date"
        value={last}
        wrong={last < first ? texts.daysReversed : null}
        onChange={(next) => next !== "" && set({ first, last: next })}
      />
    </div>
  );
}
