import type { OrderAnswer } from "@shared/api/schema";
import { expect, test } from "vitest";
import { comesBack, halfUp } from "./kept";

interface Told {
  unit_fen: number;
  quantity: number;
  returned?: number;
  shipping_fen: number;
  redeemed: number;
  paid_fen: number;
  kept: { paid_fen: number; redeemed_points: number };
}

function order(told: Told): OrderAnswer {
  const line = {
    line_id: "tea",
    sku: "tea",
    quantity: told.quantity,
    cancelled_quantity: 0,
    returned_quantity: told.returned ?? 0,
    unit_price_fen: told.unit_fen,
    price_of: "list",
    gift_of: null,
  };
  const goods = told.unit_fen * told.quantity;
  return {
    lines: [line],
    quote: {
      campaigns: [],
      coupon: null,
      goods_fen: goods,
      shipping_fen: told.shipping_fen,
      points: { redeemed: told.redeemed, value_fen: told.redeemed / 5 },
      paid_fen: told.paid_fen,
    },
    retained: { order_amount_fen: 0, earned_points: 0, ...told.kept },
  } as unknown as OrderAnswer;
}

const THREE = { unit_fen: 6667, quantity: 3, shipping_fen: 0, redeemed: 2000, paid_fen: 19_601 - 0 };

test("O5 three units of 66.67 go back one at a time: 130.67, 65.34 and nothing are kept, of points 1 333 and 667", () => {
  const first = comesBack(order({ ...THREE, kept: { paid_fen: 19_601, redeemed_points: 2000 } }), { tea: 1 });
  expect(first).toEqual({ refund_fen: 19_601 - 13_067, points: 2000 - 1333 });
  const second = comesBack(
    order({ ...THREE, returned: 1, kept: { paid_fen: 13_067, redeemed_points: 1333 } }),
    { tea: 1 },
  );
  expect(second).toEqual({ refund_fen: 13_067 - 6534, points: 1333 - 667 });
  const last = comesBack(order({ ...THREE, returned: 2, kept: { paid_fen: 6534, redeemed_points: 667 } }), {
    tea: 1,
  });
  expect(last).toEqual({ refund_fen: 6534, points: 667 });
});

test("O5 points whose value went to shipping stay with it: 800 come back of 2 000, and no money", () => {
  const bought = { unit_fen: 160, quantity: 2, shipping_fen: 1000, redeemed: 2000, paid_fen: 920 };
  const back = comesBack(order({ ...bought, kept: { paid_fen: 920, redeemed_points: 2000 } }), { tea: 1 });
  expect(back).toEqual({ refund_fen: 0, points: 800 });
});

test("O5 what only the API can reckon is not guessed: a coupon, a campaign, a gift", () => {
  const plain = order({ ...THREE, kept: { paid_fen: 19_601, redeemed_points: 2000 } });
  const coupon = { ...plain, quote: { ...plain.quote, coupon: { coupon_id: "c", amount_fen: 2000 } } };
  expect(comesBack(coupon, { tea: 1 })).toBeNull();
  expect(comesBack(coupon, { tea: 3 })).toEqual({ refund_fen: 19_601, points: 2000 });
  const gift = { ...plain, lines: plain.lines.map((line) => ({ ...line, gift_of: "cup" })) };
  expect(comesBack(gift, { tea: 1 })).toBeNull();
});

test("O5 more than there is is no answer, and nothing gives nothing back", () => {
  const plain = order({ ...THREE, kept: { paid_fen: 19_601, redeemed_points: 2000 } });
  expect(comesBack(plain, { tea: 4 })).toBeNull();
  expect(comesBack(plain, { tea: 0 })).toEqual({ refund_fen: 0, points: 0 });
});

test.each([
  [1, 1, 2, 1],
  [3, 1, 2, 2],
  [5, 1, 2, 3],
  [9_007_199_254_740_991, 999, 1000, 8_998_192_055_486_250],
])("O5 %i × %i ÷ %i is %i, half up and exact", (whole, part, all, found) => {
  expect(halfUp(whole, part, all)).toBe(found);
});
