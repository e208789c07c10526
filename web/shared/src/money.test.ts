import { expect, test } from "vitest";
import { decimal, fenOf, yuan } from "./money";

test.each([
  [0, "0.00"],
  [1, "0.01"],
  [9950, "99.50"],
  [-9950, "-99.50"],
  [-1, "-0.01"],
  [Number.MAX_SAFE_INTEGER, "90071992547409.91"],
])("K4 %i fen are %s yuan, exactly", (fen, text) => {
  expect(decimal(fen)).toBe(text);
});

test("K4 a fraction of a fen is no amount", () => {
  expect(() => decimal(0.5)).toThrow(RangeError);
});

test("K3 an amount is written as each language writes it, to the last fen", () => {
  expect(yuan(123_456_789, "zh-CN")).toBe("¥1,234,567.89");
  expect(yuan(Number.MAX_SAFE_INTEGER, "en")).toBe("¥90,071,992,547,409.91");
});

test.each([
  ["99.5", 9950],
  ["￥１２．３４", 1234],
  ["-0.01", -1],
  [" 7 ", 700],
  ["0.005", null],
  ["1e3", null],
  ["", null],
  ["1,280.00", 128_000],
  ["1，000", 100_000],
  ["1,28", null],
  ["1000,000", null],
])("K3 typed %j is %s fen", (typed, fen) => {
  expect(fenOf(typed)).toBe(fen);
});
