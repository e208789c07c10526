/** Moments and days are shown in store time, in the store's zone, wherever the reader is (K3). */
import type { Language } from "./i18n/language";

const MILLISECONDS = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1000 } as const;
const OFFSET = /[+-]\d\d:\d\d$/;

/** A moment, to the minute: `2026年12月10日 09:30`. */
export function moment(text: string, language: Language, zone: string): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    dateStyle: "medium",
    timeStyle: "short",
    hourCycle: "h23",
  } as Intl.DateTimeFormatOptions).format(new Date(text));
}

/** A moment, to the second, as it is needed to find something again. */
export function exactly(text: string, language: Language, zone: string): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  } as Intl.DateTimeFormatOptions).format(new Date(text));
}

/** A day: of a moment the store's day, of `2026-12-10` that day. */
export function day(text: string, language: Language, zone: string): string {
  const bare = /^\d{4}-\d\d-\d\d$/.test(text);
  return new Intl.DateTimeFormat(language, {
    timeZone: bare ? "UTC" : zone,
    dateStyle: "medium",
  }).format(new Date(bare ? `${text}T00:00:00Z` : text));
}

/** The moment at which a store's day begins, in RFC 3339 with the store's offset. */
export function beginningOf(date: string, zone: string): string {
  const guess = new Date(`${date}T00:00:00Z`);
  const offset = offsetAt(guess, zone);
  // The offset may be another one at midnight than at the guess; the second look is at midnight itself.
  const there = new Date(guess.getTime() - minutes(offset) * MILLISECONDS.minute);
  return `${date}T00:00:00${offsetAt(there, zone)}`;
}

/** A moment in RFC 3339 with the store's offset, in whole seconds. */
export function rfc3339(at: Date, zone: string): string {
  const offset = offsetAt(at, zone);
  const local = new Date(at.getTime() + minutes(offset) * MILLISECONDS.minute);
  return `${local.toISOString().slice(0, 19)}${offset}`;
}

/** The store's day at a moment, as `2026-12-10`. */
export function dateAt(at: Date, zone: string): string {
  return rfc3339(at, zone).slice(0, 10);
}

function offsetAt(at: Date, zone: string): string {
  const named = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" })
    .formatToParts(at)
    .find((part) => part.type === "timeZoneName")?.value;
  return OFFSET.exec(named ?? "")?.[0] ?? "+00:00";
}

function minutes(offset: string): number {
  const size = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return offset.startsWith("-") ? -size : size;
}

/** What is left until a moment, in whole units; zeros once it has come. */
export interface Left {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
  readonly over: boolean;
}

export function left(until: Date, from: Date): Left {
  const rest = Math.max(0, until.getTime() - from.getTime());
  return {
    days: Math.floor(rest / MILLISECONDS.day),
    hours: Math.floor((rest % MILLISECONDS.day) / MILLISECONDS.hour),
    minutes: Math.floor((rest % MILLISECONDS.hour) / MILLISECONDS.minute),
    seconds: Math.floor((rest % MILLISECONDS.minute) / MILLISECONDS.second),
    over: rest === 0,
  };
}
