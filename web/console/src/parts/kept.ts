import type { OrderAnswer } from "@shared/api/schema";

/** Units of each line, by the line's id. */
export type Units = Readonly<Record<string, number>>;

/** The units of a line that stay with the member. */
export function staying(line: OrderAnswer["lines"][number]): number {
  return line.quantity - line.cancelled_quantity - line.returned_quantity;
}

/** All that stay, of each line. */
export function allOf(order: OrderAnswer): Units {
  return Object.fromEntries(order.lines.map((line) => [line.line_id, staying(line)]));
}

/**
 * What comes back where all that stays leaves: what is kept now. The order says so itself, also one that is on its
 * way, of which nobody can ask the API about units (O4). Of anything else null.
 */
export function whole(order: OrderAnswer, leaving: Units): { refund_fen: number; points: number } | null {
  if (order.paid_at === null) return { refund_fen: 0, points: 0 };
  const { paid_fen, redeemed_points } = order.retained;
  return order.lines.every((line) => staying(line) === (leaving[line.line_id] ?? 0))
    ? { refund_fen: paid_fen, points: redeemed_points }
    : null;
}
