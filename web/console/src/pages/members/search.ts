/** What somebody who looks for a member has typed (K8). */
export type Sought = { member_id: string } | { phone: string } | { name_prefix: string };

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PHONE = /^\+?[\d\s().-]+$/;
const DIGITS_MIN = 5;

/** Tells by its form what is sought; null while there is nothing. */
export function soughtIn(typed: string): Sought | null {
  const text = typed.trim();
  if (text === "") return null;
  const folded = text.normalize("NFKC");
  if (ID.test(folded.toLowerCase())) return { member_id: folded.toLowerCase() };
  if (PHONE.test(folded) && folded.replace(/\D/g, "").length >= DIGITS_MIN) return { phone: folded };
  return { name_prefix: text };
}
