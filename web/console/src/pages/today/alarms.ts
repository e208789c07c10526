/** What an alarm says, in the page's words: the stack says it in English. */
export interface Alarm {
  readonly alarm: string;
  readonly says: string;
}

const NUMBERED = /-\d+$/;
const THINGS = /: one of (.+)\.$/;

/**
 * The kind of an alarm, by the end of its name: several things of a stack share one, and a number where they are many.
 * Null is one that is newer than the page.
 */
export function kindOf<K extends string>(alarm: Alarm, kinds: readonly K[]): K | null {
  const name = alarm.alarm.replace(NUMBERED, "");
  return kinds.find((kind) => name === kind || name.endsWith(`-${kind}`)) ?? null;
}

/** The sentence of its kind, with the things that it may be about; what the stack says where there is none. */
export function saysOf(alarm: Alarm, sentences: Readonly<Record<string, string>>): string {
  const kind = kindOf(alarm, Object.keys(sentences));
  const sentence = kind === null ? undefined : sentences[kind];
  if (sentence === undefined) return alarm.says;
  const things = THINGS.exec(alarm.says)?.[1];
  return things === undefined ? sentence : `${sentence} ${things}`;
}
