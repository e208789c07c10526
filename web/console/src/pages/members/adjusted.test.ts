import { expect, test } from "vitest";
import { adjusted } from "./adjusted";

test.each([
  [{ available: 50, debt: 0 }, 100, { available: 150, debt: 0 }],
  [{ available: 0, debt: 70 }, 100, { available: 30, debt: 0 }],
  [{ available: 0, debt: 70 }, 20, { available: 0, debt: 50 }],
  [{ available: 50, debt: 0 }, -50, { available: 0, debt: 0 }],
  [{ available: 50, debt: 0 }, -51, null],
])("E4 E8 %j adjusted by %i is %j", (wallet, points, after) => {
  expect(adjusted(wallet, points)).toEqual(after);
});
