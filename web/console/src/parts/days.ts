/** Days of the calendar as the API writes them, `2026-12-10`; of no zone. */
const DAY_MILLISECONDS = 86_400_000;

/** The day that is so many days later, or earlier. */
export function daysLater(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MILLISECONDS).toISOString().slice(0, 10);
}

/** The first and the last day of a month, `2026-12`. */
export function monthOf(month: string): { from: string; until: string } {
  const from = `${month}-01`;
  const [year = 0, number = 0] = month.split("-").map(Number);
  return { from, until: new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10) };
}

/** Each day from one to another, both included; at most so many, the latest ones. */
export function daysFrom(first: string, last: string, most: number): string[] {
  const days: string[] = [];
  for (let day = last; day >= first && days.length < most; day = daysLater(day, -1)) days.unshift(day);
  return days;
}
