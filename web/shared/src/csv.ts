/** Tables as CSV, as spreadsheets open it without running anything of it (K5). */
const RUNS = /^[=+\-@\t]/;
const QUOTED = /[",\r\n]/;

/** A cell: what a spreadsheet would take for a formula gets an apostrophe before it. */
export function cell(value: string | number): string {
  const text = typeof value === "string" && RUNS.test(value) ? `'${value}` : String(value);
  return QUOTED.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A file: with a byte order mark, by which spreadsheets know that it is UTF-8. */
export function csv(rows: readonly (readonly (string | number)[])[]): string {
  return `\uFEFF${rows.map((row) => row.map(cell).join(",")).join("\r\n")}\r\n`;
}

/** Hands a file to the reader. */
export function download(name: string, contents: string): void {
  const address = URL.createObjectURL(new Blob([contents], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
