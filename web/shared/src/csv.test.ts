import { expect, test } from "vitest";
import { cell, csv } from "./csv";

test.each([
  ["=1+1", "'=1+1"],
  ["+8613800138000", "'+8613800138000"],
  ["-5", "'-5"],
  ["@x", "'@x"],
  ["\tx", "'\tx"],
  ["茶, 100 g", '"茶, 100 g"'],
  ['he said "no"', '"he said ""no"""'],
  ["=a,b", `"'=a,b"`],
  ["plain", "plain"],
])("K5 the cell %j is written %j", (value, written) => {
  expect(cell(value)).toBe(written);
});

test("K5 a number is a number, below zero too", () => {
  expect(cell(-5)).toBe("-5");
});

test("K1 a file says that it is UTF-8 and ends each row", () => {
  expect(
    csv([
      ["名称", "数量"],
      ["茶", 2],
    ]),
  ).toBe("\uFEFF名称,数量\r\n茶,2\r\n");
});
