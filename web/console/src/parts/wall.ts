/** Moments as fields of forms have them: the store's clock on the wall, without an offset. */
import { rfc3339 } from "@shared/time";

const WALL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;
const OFFSET_LENGTH = 6;

/** A moment, as a field has it; its seconds stand there where it has some. */
export function wallOf(moment: string, zone: string): string {
  const text = rfc3339(new Date(moment), zone).slice(0, 19);
  return text.endsWith(":00") ? text.slice(0, 16) : text;
}

/** What a field has, as a moment with the store's offset; null where it is none. */
export function momentOf(wall: string, zone: string): string | null {
  if (!WALL.test(wall)) return null;
  const text = wall.length === 16 ? `${wall}:00` : wall;
  const guess = new Date(`${text}Z`);
  if (Number.isNaN(guess.getTime())) return null;
  // The zone's offset may be another one there than at the guess: the second look is at the moment itself.
  const first = `${text}${rfc3339(guess, zone).slice(-OFFSET_LENGTH)}`;
  return `${text}${rfc3339(new Date(first), zone).slice(-OFFSET_LENGTH)}`;
}
