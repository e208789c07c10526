/** What stands against lines of the cart, by sku: it is said at the line, with what to do about it. */
import type { Problem } from "@shared/api/problem";
import type { QuoteAnswer } from "@shared/api/schema";

export type LineFault =
  /** There are not so many; `left` is how many could be had, where the refusal says. */
  | { readonly kind: "short"; readonly left: number | null }
  /** It is not sold any more. */
  | { readonly kind: "gone" }
  /** A flash sale prices no more than so many of it for this member, and a line wholly or not at all. */
  | { readonly kind: "flash"; readonly campaignId: string; readonly mayHave: number };

export type LineFaults = ReadonlyMap<string, LineFault>;

const GONE: readonly string[] = ["unknown_sku", "product_withdrawn"];

/** Reads what a quote says of lines, and what a refusal of the quote or of the order does. The refusal is worse. */
export function lineFaults(quote: QuoteAnswer | undefined, problem: Problem | null): LineFaults {
  const found = new Map<string, LineFault>();
  for (const each of quote?.not_applied ?? [])
    if (each.sku != null && each.may_have != null)
      found.set(each.sku, { kind: "flash", campaignId: each.campaign_id ?? "", mayHave: each.may_have });
  if (problem === null) return found;
  const mayHave = (sku: string) => {
    const flash = found.get(sku);
    return flash?.kind === "flash" ? flash.mayHave : 0;
  };
  for (const sku of skusOf(problem))
    if (GONE.includes(problem.code)) found.set(sku, { kind: "gone" });
    else if (problem.code === "insufficient_stock") {
      const left = leftOf(problem, sku);
      // What a flash sale has set aside is not on the shelf, and can be had all the same.
      found.set(sku, { kind: "short", left: left === null ? null : Math.max(left, mayHave(sku)) });
    }
  return found;
}

/** The products that a refusal names, if it is one about lines. */
export function skusOf(problem: Problem): string[] {
  const { skus } = problem.more;
  if (!(GONE.includes(problem.code) || problem.code === "insufficient_stock") || !Array.isArray(skus))
    return [];
  return skus.filter((each) => typeof each === "string");
}

function leftOf(problem: Problem, sku: string): number | null {
  const { left } = problem.more;
  if (typeof left !== "object" || left === null) return null;
  const units: unknown = (left as Record<string, unknown>)[sku];
  return typeof units === "number" ? units : null;
}
