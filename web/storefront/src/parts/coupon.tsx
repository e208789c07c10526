import type { CouponAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { useTexts } from "../messages/texts";

const COUPONS_MAX = 50;

/** The coupons that the member can use; nobody holds more than one page of them. */
export function useUsableCoupons() {
  return useApi().useQuery("get", "/members/me/coupons", {
    params: { query: { status: "available", limit: COUPONS_MAX } },
  });
}

/** What says what a coupon takes off: one that is held, or one that can be claimed. */
type Face = Pick<CouponAnswer, "kind" | "rate" | "face_value_fen" | "max_off_fen" | "min_goods_fen">;

/** What a coupon is called: by its template, and by what it takes off, from how much on. */
export function useCouponName(): (coupon: CouponAnswer) => string {
  const faceOf = useCouponFace();
  return (coupon) => (coupon.name === null ? faceOf(coupon) : `${coupon.name} · ${faceOf(coupon)}`);
}

/** What a coupon takes off, from how much on. */
export function useCouponFace(): (coupon: Face) => string {
  const { coupons: texts, off } = useTexts();
  const { yuan } = useWords();
  return (coupon) => {
    const takes =
      coupon.rate === null ? texts.amount(yuan(coupon.face_value_fen ?? 0)) : texts.rate(off(coupon.rate));
    const most = coupon.max_off_fen === null ? "" : ` (${texts.maxOff(yuan(coupon.max_off_fen))})`;
    const from = coupon.min_goods_fen === 0 ? texts.fromNone : texts.from(yuan(coupon.min_goods_fen));
    return `${coupon.kind === "birthday" ? `${texts.birthday} ` : ""}${takes}${most} · ${from}`;
  };
}

/** Coupons by their id, as far as they can be used. */
export function useCouponNames(): (couponId: string) => string {
  const coupons = useUsableCoupons().data?.items ?? [];
  const nameOf = useCouponName();
  const { cart } = useTexts();
  return (couponId) => {
    const found = coupons.find((each) => each.coupon_id === couponId);
    return found === undefined ? cart.coupon : nameOf(found);
  };
}
