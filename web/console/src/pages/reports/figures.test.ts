import type { SalesAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { daysFrom, daysLater } from "../../parts/days";
import { byDay, bySku, NOTHING, shareOf, totalOf } from "./figures";

function day(date: string, paid_fen: number, paid_orders = 1): SalesAnswer {
  return { ...NOTHING, date, paid_fen, paid_orders };
}

test("K1 a day that a page ends in goes on in the next, and is one day", () => {
  const sales = [day("2026-12-03", 1), day("2026-12-01", 10), day("2026-12-01", 20, 2)];
  expect(byDay(sales, "2026-12-01", "2026-12-03", 31)).toEqual([
    day("2026-12-01", 30, 3),
    day("2026-12-02", 0, 0),
    day("2026-12-03", 1),
  ]);
  expect(totalOf(sales)).toEqual({ ...NOTHING, paid_fen: 31, paid_orders: 4 });
});

test("K1 a chart has so many days at most, the latest ones", () => {
  expect(daysFrom("2020-01-01", "2026-03-01", 3)).toEqual(["2026-02-27", "2026-02-28", "2026-03-01"]);
  expect(daysFrom("2026-03-02", "2026-03-01", 3)).toEqual([]);
  expect(daysLater("2028-03-01", -1)).toBe("2028-02-29");
});

test("A10 returns are summed up by sku over all pages, most came back first", () => {
  const cup = { sku: "cup", received: 2, returned: 0, lost: 0, exchanged: 1 };
  const tea = { sku: "tea", received: 3, returned: 1, lost: 0, exchanged: 0 };
  expect(bySku([cup, tea, { ...cup, returned: 2 }])).toEqual([
    { sku: "cup", received: 4, returned: 2, lost: 0, exchanged: 2 },
    tea,
  ]);
});

test.each([
  [3, 1, "33.3 %"],
  [8, 1, "12.5 %"],
  [2000, 1, "0.1 %"],
  [1, 1, "100.0 %"],
  [0, 0, "—"],
])("A10 of %i received %i back are %s", (received, returned, share) => {
  expect(shareOf({ sku: "s", received, returned, lost: 0, exchanged: 0 })).toBe(share);
});
