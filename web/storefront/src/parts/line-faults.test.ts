import { Problem } from "@shared/api/problem";
import type { QuoteAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { lineFaults, skusOf } from "./line-faults";

const FLASH = {
  not_applied: [
    { offer: "campaign", code: "flash_member_limit", detail: "", campaign_id: "f", sku: "cup", may_have: 2 },
    { offer: "points", code: "too_few_points", detail: "" },
  ],
} as unknown as QuoteAnswer;

test("V13 a flash that does not price a line says how many of it one may have", () => {
  expect([...lineFaults(FLASH, null)]).toEqual([["cup", { kind: "flash", campaignId: "f", mayHave: 2 }]]);
});

test("K3 a refusal says how many are left, and nothing where it does not know", () => {
  const short = new Problem(409, "insufficient_stock", {
    skus: ["tea", "cup", "pin"],
    left: { tea: 6, cup: 0 },
  });
  expect(Object.fromEntries(lineFaults(FLASH, short))).toEqual({
    tea: { kind: "short", left: 6 },
    cup: { kind: "short", left: 2 },
    pin: { kind: "short", left: null },
  });
});

test("K3 what is sold no more is told apart from what is short, and other refusals are about no line", () => {
  expect([...lineFaults(undefined, new Problem(422, "product_withdrawn", { skus: ["tea"] }))]).toEqual([
    ["tea", { kind: "gone" }],
  ]);
  expect(skusOf(new Problem(409, "conflict", { skus: ["tea"] }))).toEqual([]);
});
