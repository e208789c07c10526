import { expect, test } from "vitest";
import { LINES_MAX, QUANTITY_MAX, withMore } from "./cart";

test("K2 a product is one line of the cart, however often it is added", () => {
  const once = withMore([], "tea", 1);
  expect(withMore(once, "tea", 2)).toEqual([{ sku: "tea", quantity: 3 }]);
  expect(withMore(once, "cup", 1)).toEqual([
    { sku: "tea", quantity: 1 },
    { sku: "cup", quantity: 1 },
  ]);
});

test("K2 a cart never holds more than the API takes", () => {
  const full = Array.from({ length: LINES_MAX }, (_, at) => ({ sku: `s${at}`, quantity: QUANTITY_MAX }));
  expect(withMore(full, "one-more", 1)).toBe(full);
  expect(withMore(full, "s0", 5)[0]).toEqual({ sku: "s0", quantity: QUANTITY_MAX });
});
