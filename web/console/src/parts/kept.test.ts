import type { OrderAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { allOf, staying, whole } from "./kept";

function order(told: { returned?: number; paid_at?: string | null }): OrderAnswer {
  const line = (line_id: string, quantity: number, returned: number) => ({
    line_id,
    sku: line_id,
    quantity,
    cancelled_quantity: 1,
    returned_quantity: returned,
  });
  return {
    paid_at: told.paid_at === undefined ? "2026-12-03T10:00:00+08:00" : told.paid_at,
    lines: [line("tea", 4, told.returned ?? 0), line("cup", 2, 0)],
    retained: { order_amount_fen: 0, earned_points: 0, paid_fen: 19_260, redeemed_points: 500 },
  } as unknown as OrderAnswer;
}

test("what stays of a line is neither cancelled nor returned", () => {
  expect(order({ returned: 2 }).lines.map(staying)).toEqual([1, 1]);
  expect(allOf(order({ returned: 2 }))).toEqual({ tea: 1, cup: 1 });
});

test("O4: where all that stays leaves, all that is kept comes back", () => {
  const of = order({ returned: 1 });
  expect(whole(of, { tea: 2, cup: 1 })).toEqual({ refund_fen: 19_260, points: 500 });
});

test("O5: of a part the API alone can say what comes back", () => {
  const of = order({ returned: 1 });
  expect(whole(of, { tea: 2 })).toBeNull();
  expect(whole(of, { tea: 3, cup: 1 })).toBeNull();
});

test("O4: of an order that was never paid nothing comes back", () => {
  expect(whole(order({ paid_at: null }), { tea: 1 })).toEqual({ refund_fen: 0, points: 0 });
});
