import { expect, test } from "vitest";
import { csvOf } from "./report";

test("K5 what a spreadsheet would run is exported as text, and figures as figures", () => {
  const columns = [
    { id: "who", title: "=who", cell: () => null, raw: (row: { who: string }) => row.who },
    { id: "act", title: "buttons", cell: () => null },
    { id: "fen", title: "Paid", heading: "fen", cell: () => null, raw: () => -5 },
  ];
  const rows = [{ who: '=HYPERLINK("http://evil.example")' }, { who: "@x,\ty" }, { who: "茶" }];
  expect(csvOf(columns, rows)).toBe(
    '\uFEFF\'=who,fen\r\n"\'=HYPERLINK(""http://evil.example"")",-5\r\n"\'@x,\ty",-5\r\n茶,-5\r\n',
  );
});
