/** Why money goes back, in words. */
import { createTexts } from "@shared/i18n/i18n";
import type { Form } from "@shared/i18n/language";

const zh = {
  cancelled: "订单取消",
  refused: "包裹拒收",
  returned: "商品退回",
  payment_not_applied: "款项未入账",
  return_shipping: "退货运费补偿",
  unassigned: "无主款项退回",
};

const en: Form<typeof zh> = {
  cancelled: "Cancelled",
  refused: "Parcel refused",
  returned: "Returned",
  payment_not_applied: "Payment not applied",
  return_shipping: "Freight of a return",
  unassigned: "Money of no order",
};

const useTexts = createTexts(zh, en);

/** Says why a refund is made; a reason that has no words here stands as it is. */
export function useRefundReason(): (reason: string) => string {
  const words: Readonly<Record<string, string>> = useTexts();
  return (reason) => (Object.hasOwn(words, reason) ? words[reason] : undefined) ?? reason;
}
