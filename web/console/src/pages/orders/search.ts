/** What somebody who looks for an order has typed. */
export type Sought = "order" | "member" | "tracking" | "payment";

const ORDER = /^ord_[a-z2-7]{26}$/;
const MEMBER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PROVIDED = /^(wechatpay|alipay|stripe):/;

/** Tells it by its form; what may be either is taken for a tracking number, as on the parcel in front of the reader. */
export function soughtIn(typed: string): Sought {
  const text = typed.trim();
  if (ORDER.test(text)) return "order";
  if (MEMBER.test(text)) return "member";
  return PROVIDED.test(text) || text.startsWith("pay") ? "payment" : "tracking";
}
