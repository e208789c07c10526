import { expect, test } from "vitest";
import { orderIdIn, readingsOf, soughtIn } from "./search";

const ID = "p75c5fxkauzvepi5vqrmqmnh4a";

test("K8: an order, a case and a member are told by their form alone, however they are pasted", () => {
  for (const typed of [`ord_${ID}`, ` ORD_${ID.toUpperCase()} `, ID]) {
    expect(soughtIn(typed)).toBe("order");
    expect(orderIdIn(typed)).toBe(`ord_${ID}`);
  }
  expect(readingsOf(`CAS_${ID}`)).toEqual(["case"]);
  expect(readingsOf("3edf0ab6-9c14-431d-af47-23b5f33bc229")).toEqual(["member"]);
});

test.each([
  ["SF1234567890", ["tracking", "payment", "name"]],
  ["SF 1234 5678 90", ["tracking", "payment", "name"]],
  ["stripe:pi_1", ["payment", "tracking"]],
  ["2026113022001400000000000001", ["payment", "tracking", "name"]],
  ["138 0013 8000", ["phone", "tracking", "payment"]],
  ["+86 13800138000", ["phone", "tracking", "payment"]],
  ["王小茶", ["name"]],
  ["Wang Xiaocha", ["tracking", "payment", "name"]],
])("K8: %s is taken for what it looks like, and can be taken for the others", (typed, readings) => {
  expect(readingsOf(typed)).toEqual(readings);
});

test("K8: nothing typed is nothing", () => {
  expect(readingsOf("  ")).toEqual([]);
});
