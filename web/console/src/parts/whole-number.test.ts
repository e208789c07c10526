import { expect, test } from "vitest";
import { wholeOf } from "./whole-number";

test.each([
  ["5", 5],
  [" １２ ", 12],
  ["-7", -7],
  ["-0", 0],
  ["1.0", null],
  ["1e3", null],
  ["", null],
  ["101", null],
  ["-101", null],
  ["1,000", null],
])("K3 typed %j is %s between -100 and 100", (typed, value) => {
  expect(wholeOf(typed, -100, 100)).toBe(value);
});
