/**
 * The cart: kept by the browser, one for each member, with the key under which it will be ordered.
 *
 * The key is made before anything is sent and kept with the cart, so that an order whose answer was lost is the same
 * order when it is sent again (R1). Changing the cart makes a new one.
 */
import { newId } from "@shared/ids";
import { useUser } from "@shared/session/context";
import { useCallback, useMemo, useSyncExternalStore } from "react";

export interface CartLine {
  readonly sku: string;
  readonly quantity: number;
}

export interface Cart {
  readonly lines: readonly CartLine[];
  /** `best`, `none`, or a coupon's id. */
  readonly coupon: string;
  /** `best`, or a number of points. */
  readonly points: "best" | number;
  readonly campaigns: "best" | "none";
  readonly key: string;
}

/** As the programme has them (P7). */
export const POINTS_STEP = 500;
export const POINTS_MAX = 2_000;
/** The most that the API takes: lines of a cart, units of a line. */
export const LINES_MAX = 50;
export const QUANTITY_MAX = 999;

const EMPTY: Omit<Cart, "key"> = { lines: [], coupon: "best", points: "best", campaigns: "best" };
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("storage", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("storage", listener);
  };
}

/** The cart with units of a product more. A line holds `QUANTITY_MAX` at most, the cart `LINES_MAX` lines. */
export function withMore(lines: readonly CartLine[], sku: string, quantity: number): readonly CartLine[] {
  const there = lines.find((line) => line.sku === sku);
  if (there === undefined) return lines.length < LINES_MAX ? [...lines, { sku, quantity }] : lines;
  const sum = Math.min(QUANTITY_MAX, there.quantity + quantity);
  return lines.map((line) => (line.sku === sku ? { sku, quantity: sum } : line));
}

function read(kept: string | null): Cart {
  if (kept !== null) {
    try {
      const found = JSON.parse(kept) as Cart;
      if (Array.isArray(found.lines) && typeof found.key === "string") return { ...EMPTY, ...found };
    } catch {
      // What cannot be read was not written by this page: the cart begins anew.
    }
  }
  return { ...EMPTY, key: newId("cart") };
}

export interface CartInHand {
  readonly cart: Cart;
  readonly units: number;
  readonly add: (sku: string, quantity?: number) => void;
  readonly set: (sku: string, quantity: number) => void;
  readonly remove: (skus: readonly string[]) => void;
  readonly choose: (choice: Partial<Pick<Cart, "coupon" | "points" | "campaigns">>) => void;
  /** After the order was placed, or when its key turned out to be another order's. */
  readonly renew: (keep: "lines" | "nothing") => void;
}

export function useCart(): CartInHand {
  const member = useUser()?.memberId ?? "";
  const name = `memberday.cart.${member}`;
  const kept = useSyncExternalStore(subscribe, () => window.localStorage.getItem(name));
  const cart = useMemo(() => read(kept), [kept]);

  const change = useCallback(
    (to: (cart: Cart) => Partial<Cart>) => {
      const before = read(window.localStorage.getItem(name));
      window.localStorage.setItem(name, JSON.stringify({ ...before, key: newId("cart"), ...to(before) }));
      for (const each of listeners) each();
    },
    [name],
  );

  return useMemo(
    () => ({
      cart,
      units: cart.lines.reduce((sum, line) => sum + line.quantity, 0),
      add: (sku, quantity = 1) => change((now) => ({ lines: withMore(now.lines, sku, quantity) })),
      set: (sku, quantity) =>
        change((now) => ({ lines: now.lines.map((line) => (line.sku === sku ? { sku, quantity } : line)) })),
      remove: (skus) => change((now) => ({ lines: now.lines.filter((line) => !skus.includes(line.sku)) })),
      choose: (choice) => change(() => choice),
      renew: (keep) => change(() => (keep === "lines" ? {} : EMPTY)),
    }),
    [cart, change],
  );
}
