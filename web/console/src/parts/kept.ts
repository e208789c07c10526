/**
 * What comes back when units leave an order, before it is asked (O5). It is reckoned here only where the order's
 * answer says all that it takes: without campaigns, gifts and coupons, or where nothing stays. Everything else the
 * API alone can say, and says with the write.
 */
import type { OrderAnswer } from "@shared/api/schema";

export interface ComesBack {
  readonly refund_fen: number;
  readonly points: number;
}

/** Units of each line, by the line's id. */
export type Units = Readonly<Record<string, number>>;

/** The units of a line that stay with the member. */
export function staying(line: OrderAnswer["lines"][number]): number {
  return line.quantity - line.cancelled_quantity - line.returned_quantity;
}

/** Returns what comes back, or null where only the API can say. */
export function comesBack(order: OrderAnswer, leaving: Units): ComesBack | null {
  const { retained } = order;
  const stays = order.lines.map((line) => staying(line) - (leaving[line.line_id] ?? 0));
  if (stays.every((units) => units === 0))
    return { refund_fen: retained.paid_fen, points: retained.redeemed_points };
  if (stays.some((units) => units < 0)) return null;
  if (Object.values(leaving).every((units) => units === 0)) return { refund_fen: 0, points: 0 };
  const kept = keptOf(order, stays);
  if (kept === null) return null;
  return {
    refund_fen: retained.paid_fen - kept.paid_fen,
    points: retained.redeemed_points - kept.points,
  };
}

function keptOf(order: OrderAnswer, stays: readonly number[]): { paid_fen: number; points: number } | null {
  const { quote, lines } = order;
  if (quote.campaigns.length > 0 || quote.coupon !== null) return null;
  if (lines.some((line) => line.gift_of !== null)) return null;
  const sum = (of: (line: OrderAnswer["lines"][number], index: number) => number) =>
    lines.reduce((total, line, index) => total + of(line, index), 0);
  const all = sum((line) => line.unit_price_fen * line.quantity);
  const rest = sum((line, index) => line.unit_price_fen * (stays[index] ?? 0));
  const share = (whole: number) => (all === 0 ? whole : halfUp(whole, rest, all));
  const { redeemed, value_fen } = quote.points;
  const onShippingFen = Math.max(0, value_fen - quote.goods_fen);
  const onShipping = value_fen === 0 ? 0 : (onShippingFen * redeemed) / value_fen;
  const shippingPaid = quote.shipping_fen - onShippingFen;
  return {
    paid_fen: share(quote.paid_fen - shippingPaid) + shippingPaid,
    points: share(redeemed - onShipping) + onShipping,
  };
}

/** `whole × part ÷ all`, half up, exactly: the product may be larger than a number holds. */
export function halfUp(whole: number, part: number, all: number): number {
  const [w, p, a] = [BigInt(whole), BigInt(part), BigInt(all)];
  return Number((2n * w * p + a) / (2n * a));
}
