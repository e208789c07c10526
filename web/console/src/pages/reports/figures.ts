/** What pages of reports come to together: a day or a sku stands on several pages, and its parts are added up. */
import type { ReturnsAnswer, SalesAnswer } from "@shared/api/schema";
import { daysFrom } from "../../parts/days";

type Amounts = Omit<SalesAnswer, "date">;

export const NOTHING: Amounts = {
  placed_orders: 0,
  paid_orders: 0,
  cancelled_orders: 0,
  lapsed_orders: 0,
  list_fen: 0,
  discount_fen: 0,
  shipping_fen: 0,
  points_value_fen: 0,
  paid_fen: 0,
  refunded_fen: 0,
  redeemed_points: 0,
};
const NAMES = Object.keys(NOTHING) as (keyof Amounts)[];

function added(one: Amounts, other: Amounts): Amounts {
  return Object.fromEntries(NAMES.map((name) => [name, one[name] + other[name]])) as unknown as Amounts;
}

/** The sum of all days. */
export function totalOf(sales: readonly SalesAnswer[]): Amounts {
  return sales.reduce<Amounts>(added, NOTHING);
}

/** Each day once, the first one first; a day without orders between two others is one of zeros. */
export function byDay(
  sales: readonly SalesAnswer[],
  first: string,
  last: string,
  most: number,
): SalesAnswer[] {
  const found = new Map<string, Amounts>();
  for (const each of sales) found.set(each.date, added(found.get(each.date) ?? NOTHING, each));
  return daysFrom(first, last, most).map((date) => ({ ...(found.get(date) ?? NOTHING), date }));
}

/** Each sku once, the one of which most came back first. */
export function bySku(returns: readonly ReturnsAnswer[]): ReturnsAnswer[] {
  const found = new Map<string, ReturnsAnswer>();
  for (const each of returns) {
    const former = found.get(each.sku);
    found.set(
      each.sku,
      former === undefined
        ? each
        : {
            sku: each.sku,
            received: former.received + each.received,
            returned: former.returned + each.returned,
            lost: former.lost + each.lost,
            exchanged: former.exchanged + each.exchanged,
          },
    );
  }
  return [...found.values()].sort(
    (one, other) => other.returned - one.returned || one.sku.localeCompare(other.sku, "en"),
  );
}

/** A rate of the API, decimal text such as `0.125`, in percent as shares stand elsewhere: to tenths, half up. */
export function percentOf(rate: string): string {
  const [whole = "0", parts = ""] = rate.split(".");
  const tenThousandths = Number(whole) * 10_000 + Number(parts.padEnd(4, "0").slice(0, 4));
  const tenths = Math.floor((tenThousandths + 5) / 10);
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}

/** The share of the received units that came back, in whole tenths of a percent, half up. */
export function shareOf({ received, returned }: ReturnsAnswer): string {
  if (received === 0) return "—";
  const tenths = Math.floor((2 * returned * 1000 + received) / (2 * received));
  return `${Math.floor(tenths / 10)}.${tenths % 10} %`;
}
