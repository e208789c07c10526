import { expect, test } from "vitest";
import { kindOf } from "./kinds";

test("K1: an alarm's kind is told by its name, whatever stack and number it has", () => {
  expect(kindOf("memberday-dev-jobs-unwatched")).toBe("jobs-unwatched");
  expect(kindOf("memberday-prod-shop-errors-2")).toBe("errors");
  expect(kindOf("memberday-prod-failures")).toBe("failures");
  expect(kindOf("memberday-dev-refunds-failed")).toBe("refunds-failed");
});

test("K1: one that nobody has told the page of is none of them", () => {
  expect(kindOf("memberday-dev-terrors")).toBeNull();
  expect(kindOf("")).toBeNull();
});
