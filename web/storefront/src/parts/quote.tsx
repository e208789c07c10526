import type { NotAppliedAnswer, QuoteAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { Badge, Facts, Money } from "@shared/ui/bits";
import { Icon } from "@shared/ui/icon";
import type { ReactNode } from "react";
import { POINTS_STEP } from "../cart";
import { useTexts } from "../messages/texts";
import { useCampaignNames, useProductName } from "../shop";
import { useCouponNames } from "./coupon";

/** What a cart costs, from the goods to the sum. */
export function Sums({ quote, sumName }: { quote: QuoteAnswer; sumName?: string }) {
  const { cart: texts } = useTexts();
  const { number, yuan } = useWords();
  const nameOf = useCampaignNames();
  return (
    <Facts
      sums
      facts={[
        [texts.goods, <Money key="goods" fen={quote.goods_fen} />],
        ...quote.campaigns
          .filter((each) => each.amount_fen > 0)
          .map((each): [ReactNode, ReactNode] => [
            nameOf(each.campaign_id),
            <Money key={each.campaign_id} fen={-each.amount_fen} />,
          ]),
        quote.coupon === null
          ? null
          : [texts.couponUsed, <Money key="coupon" fen={-quote.coupon.amount_fen} />],
        [
          <Shipping key="shipping" quote={quote} />,
          quote.shipping_fen === 0 ? texts.free : yuan(quote.shipping_fen),
        ],
        quote.points.redeemed === 0
          ? null
          : [
              texts.pointsUsed(number(quote.points.redeemed)),
              <Money key="points" fen={-quote.points.value_fen} />,
            ],
        [
          <span key="paid" className="total">
            {sumName ?? texts.paid}
          </span>,
          <span key="sum" className="total">
            <Money fen={quote.paid_fen} />
          </span>,
        ],
      ]}
    />
  );
}

/** Shipping, from how much on it is free, and what is missing of that. */
function Shipping({ quote }: { quote: QuoteAnswer }) {
  const { cart: texts } = useTexts();
  const { yuan } = useWords();
  const free = quote.free_shipping;
  return (
    <>
      {texts.shipping}
      {free != null && (
        <span className="small-text">
          {" "}
          {texts.freeFrom(yuan(free.from_fen))}{" "}
          <Badge tone="gold">{texts.missing(yuan(free.missing_fen))}</Badge>
        </span>
      )}
    </>
  );
}

/** Every offer that the quote uses, with what it gives. */
export function Used({ quote }: { quote: QuoteAnswer }) {
  const { cart: texts, catalogue } = useTexts();
  const { number } = useWords();
  const nameOf = useCampaignNames();
  const used: { id: string; name: string; fen: number | null }[] = [];
  const byPrice = new Map<string, number>();
  for (const line of quote.lines) {
    const saved = (line.list_price_fen - line.unit_price_fen) * line.quantity;
    if (line.gift_of === null && line.price_of !== null && line.price_of !== "list" && saved > 0)
      byPrice.set(line.price_of, (byPrice.get(line.price_of) ?? 0) + saved);
  }
  for (const [of, fen] of byPrice)
    used.push({ id: `price-${of}`, name: of === "member_day" ? catalogue.why.member_day : nameOf(of), fen });
  for (const each of quote.campaigns)
    used.push({ id: each.campaign_id, name: nameOf(each.campaign_id), fen: each.amount_fen || null });
  if (quote.coupon !== null)
    used.push({ id: "coupon", name: texts.couponUsed, fen: quote.coupon.amount_fen });
  if (quote.points.redeemed > 0)
    used.push({
      id: "points",
      name: texts.pointsUsed(number(quote.points.redeemed)),
      fen: quote.points.value_fen,
    });
  if (used.length === 0) return <p className="soft">{texts.usedNone}</p>;
  return (
    <ul className="offers-used">
      {used.map((each) => (
        <li key={each.id} className="row apart">
          <span className="row">
            <Icon name="check" />
            {each.name}
          </span>
          {each.fen !== null && <Money fen={-each.fen} />}
        </li>
      ))}
    </ul>
  );
}

/** Every offer that the quote does not use, with why not and what is missing. */
export function NotUsed({ quote }: { quote: QuoteAnswer }) {
  const couponNameOf = useCouponNames();
  // A member may hold several coupons alike: what is said of each of them is said once.
  const alike = new Map<string, { first: NotAppliedAnswer; count: number }>();
  for (const each of quote.not_applied) {
    const who = each.coupon_id == null ? (each.campaign_id ?? "") : couponNameOf(each.coupon_id);
    const key = `${each.offer} ${who} ${each.sku ?? ""} ${each.code} ${each.missing_fen ?? ""}`;
    const known = alike.get(key);
    alike.set(key, { first: known?.first ?? each, count: (known?.count ?? 0) + 1 });
  }
  return (
    <ul className="offers-not-used">
      {[...alike].map(([key, { first, count }]) => (
        <li key={key}>
          <Reason of={first} count={count} />
        </li>
      ))}
    </ul>
  );
}

function Reason({ of, count }: { of: NotAppliedAnswer; count: number }) {
  const { cart: texts, catalogue } = useTexts();
  const { reasons } = useCommon();
  const { yuan, number } = useWords();
  const nameOf = useCampaignNames();
  const couponNameOf = useCouponNames();
  const tooFew = of.code === "too_few_points" ? texts.pointsFrom(number(POINTS_STEP)) : null;
  const known = of.code in reasons ? reasons[of.code as keyof typeof reasons] : of.detail;
  const names = {
    member_day: catalogue.why.member_day,
    birthday_coupon: texts.birthdayCoupon,
    points: texts.points,
    campaign: nameOf(of.campaign_id ?? ""),
    coupon: couponNameOf(of.coupon_id ?? ""),
  };
  return (
    <>
      <span className="row apart">
        <span>
          {names[of.offer]}
          {count > 1 && ` × ${count}`}
        </span>
        {of.missing_fen != null && <Badge tone="gold">{texts.missing(yuan(of.missing_fen))}</Badge>}
        {of.may_have != null && <Badge tone="gold">{texts.mayHave(of.may_have)}</Badge>}
      </span>
      <span className="soft small-text">
        {of.sku != null && <ProductName sku={of.sku} />} {tooFew ?? known}
      </span>
    </>
  );
}

export function ProductName({ sku }: { sku: string }) {
  return <>{useProductName(sku)}</>;
}
