/** Several ids typed into one field: by commas of both languages, spaces or lines. */
const BETWEEN = /[\s,，、;；]+/;

export function idsIn(typed: string): string[] {
  return [...new Set(typed.split(BETWEEN).filter((each) => each !== ""))];
}
