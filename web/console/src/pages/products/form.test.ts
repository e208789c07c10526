import type { ProductAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { formOf, isSku, NEW, requestOf } from "./form";

const TEA: ProductAnswer = {
  sku: "tea",
  name: "Tea",
  price_fen: 9950,
  your_price_fen: 9950,
  price_of: "list",
  member_zone: true,
  status: "on_sale",
  in_stock: true,
  stock: 4,
  low_stock_threshold: 5,
  stock_rows: null,
  stock_rows_now: 1,
  no_reason: true,
};

test("K1 a product goes into the form and back without a change", () => {
  const { name, price_fen, member_zone, status, low_stock_threshold, no_reason } = TEA;
  expect(requestOf(formOf(TEA))).toEqual({
    request: { name, price_fen, member_zone, status, low_stock_threshold, no_reason },
  });
});

test("K1 typed yuan are exact fen", () => {
  const form = { ...NEW, name: "茶", price: "１９.9" };
  expect(requestOf(form)).toMatchObject({ request: { price_fen: 1990 } });
});

test("K1 orders a second are rows of stock, as many as they need, and back", () => {
  const told = requestOf({ ...formOf(TEA), rows: "101" });
  if ("wrong" in told) throw new Error();
  expect(told.request.stock_rows).toBe(5);
  expect(formOf({ ...TEA, stock_rows: 5 }).rows).toBe("125");
  expect(requestOf(formOf({ ...TEA, stock_rows: 48 }))).toMatchObject({ request: { stock_rows: 48 } });
});

test("K3 each field says when it is wrong", () => {
  expect(requestOf({ ...NEW, price: "0", threshold: "1.5", rows: "1201" })).toEqual({
    wrong: { name: true, price: true, threshold: true, rows: true },
  });
});

test.each([
  ["tea-100", true],
  [".hidden", true],
  ["...", false],
  ["a/b", false],
  ["茶", false],
  ["a".repeat(65), false],
  ["", false],
])("K3 %j can be a sku: %s", (text, right) => {
  expect(isSku(text)).toBe(right);
});
