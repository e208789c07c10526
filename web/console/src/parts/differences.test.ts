import { expect, test } from "vitest";
import { differing } from "./differences";

test("K1 what a write changes is old and new, and nothing else", () => {
  const before = [
    ["name", "Tea"],
    ["price", "1.00"],
    ["rate", "0.90"],
  ] as const;
  const after = [
    ["name", "Tea"],
    ["price", "2.00"],
    ["steps", "300 − 50"],
  ] as const;
  expect(differing(before, after)).toEqual([
    { name: "price", before: "1.00", after: "2.00" },
    { name: "rate", before: "0.90", after: "—" },
    { name: "steps", before: "—", after: "300 − 50" },
  ]);
  expect(differing(before, before)).toEqual([]);
});
