import type { CaseAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { actsOf } from "./acts";

function of(kind: CaseAnswer["kind"], state: CaseAnswer["state"], settled = false): CaseAnswer {
  return { kind, state, settlement: settled ? { points: 5, coupon_id: null } : null } as CaseAnswer;
}

test.each([
  ["return", "requested", ["approve", "refuse"]],
  ["exchange", "disputed", ["approve", "refuse"]],
  ["return", "approved", ["receive"]],
  ["exchange", "shipped_back", ["receive"]],
  ["refund_only", "approved", []],
  ["return", "refused", []],
  ["return", "closed", []],
  ["complaint", "requested", ["answer", "settle"]],
  ["complaint", "answered", ["settle"]],
  ["complaint", "closed", []],
] as const)("A2 of a %s that is %s the shop can do %j", (kind, state, acts) => {
  expect(actsOf(of(kind, state))).toEqual(acts);
});

test("A9 a complaint that was settled is not settled again", () => {
  expect(actsOf(of("complaint", "requested", true))).toEqual(["answer"]);
  expect(actsOf(of("complaint", "answered", true))).toEqual([]);
});
