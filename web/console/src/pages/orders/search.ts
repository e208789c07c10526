/** What somebody who looks for an order may have typed. */
export type Sought = "order" | "case" | "member" | "phone" | "name" | "tracking" | "payment";

const ORDER = /^(?:ord_)?([a-z2-7]{26})$/i;
const CASE = /^cas_[a-z2-7]{26}$/i;
const MEMBER = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const PROVIDED = /^(wechatpay|alipay|stripe):/;
/** A mobile number of mainland China, with or without what is dialled before it. */
const PHONE = /^(?:\+?86)?1[3-9]\d{9}$/;
/** What the API takes for an id that others made up; spaces of a tracking number do not count. */
const ASCII = /^[\x21-\x7e]{1,255}$/;
/** Providers number payments with so many digits; no carrier does. */
const PAYMENT_DIGITS_MIN = 20;

/**
 * What a text can be, the likeliest first. What only one thing looks like is that; anything else can be more, and
 * the reader says which.
 */
export function readingsOf(typed: string): readonly Sought[] {
  const text = typed.trim().normalize("NFKC");
  if (text === "") return [];
  if (CASE.test(text)) return ["case"];
  if (MEMBER.test(text)) return ["member"];
  if (ORDER.test(text)) return text.startsWith("ord_") ? ["order"] : ["order", "tracking", "payment"];
  const plain = text.replace(/\s/g, "");
  if (!ASCII.test(plain)) return ["name"];
  if (PHONE.test(plain.replace(/[-().]/g, ""))) return ["phone", "tracking", "payment"];
  if (PROVIDED.test(text)) return ["payment", "tracking"];
  if (text.startsWith("pay") || (/^\d+$/.test(plain) && plain.length >= PAYMENT_DIGITS_MIN))
    return ["payment", "tracking", "name"];
  return ["tracking", "payment", "name"];
}

/** Tells by its form what is sought; what may be either is taken for a tracking number, as on the parcel in hand. */
export function soughtIn(typed: string): Sought {
  return readingsOf(typed)[0] ?? "tracking";
}

/** The id of an order, however it was pasted. */
export function orderIdIn(typed: string): string {
  const found = ORDER.exec(typed.trim());
  return `ord_${(found?.[1] ?? "").toLowerCase()}`;
}
