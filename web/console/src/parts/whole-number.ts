const WHOLE = /^\s*([+-]?)(\d{1,15})\s*$/;

/** What somebody typed, as a whole number between two others; null where it is none. */
export function wholeOf(typed: string, min: number, max: number): number | null {
  const found = WHOLE.exec(typed.normalize("NFKC"));
  if (found === null) return null;
  const size = Number(found[2]);
  const value = found[1] === "-" && size !== 0 ? -size : size;
  return value >= min && value <= max ? value : null;
}
