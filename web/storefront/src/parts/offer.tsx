import type { OfferAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { Badge } from "@shared/ui/bits";
import { Link } from "react-router";
import { useTexts } from "../messages/texts";
import { useProductName } from "../shop";

/** A campaign as shoppers see it: what it gives, on what, until when, and what is left of it for them. */
export function Offer({ offer, coming = false }: { offer: OfferAnswer; coming?: boolean }) {
  const { offers: texts } = useTexts();
  const { campaignKind } = useCommon();
  const { moment } = useWords();
  const left = offer.your.orders_left;
  return (
    <li className="offer">
      <div className="row apart">
        <strong>{offer.name}</strong>
        <Badge tone="accent">{campaignKind[offer.kind]}</Badge>
      </div>
      <Terms offer={offer} />
      <p className="soft small-text">
        {scopeOf(offer, texts.scope)}
        {" · "}
        {coming ? texts.from(moment(offer.starts_at)) : texts.until(moment(offer.ends_at))}
        {left !== null && ` · ${texts.ordersLeft(left)}`}
      </p>
      {offer.scope?.skus?.[0] !== undefined && <ProductLink sku={offer.scope.skus[0]} />}
    </li>
  );
}

function Terms({ offer }: { offer: OfferAnswer }) {
  const { offers: texts, off } = useTexts();
  const { yuan } = useWords();
  const { terms } = offer;
  if ("rate" in terms) return <p>{texts.discount(off(terms.rate))}</p>;
  if ("steps" in terms)
    return (
      <p>
        {terms.steps.map((step) => texts.step(yuan(step.from_fen), yuan(step.off_fen))).join(" · ")}
        {terms.repeat && ` · ${texts.repeat}`}
      </p>
    );
  if ("items" in terms)
    return (
      <ul>
        {Object.entries(terms.items).map(([sku, item]) => (
          <li key={sku}>
            <ProductLink sku={sku} /> {texts.flash(yuan(item.price_fen))} ·{" "}
            {texts.perMember(terms.per_member)}
          </li>
        ))}
      </ul>
    );
  return <Gift from={yuan(terms.from_fen)} sku={terms.sku} quantity={terms.quantity} />;
}

function Gift({ from, sku, quantity }: { from: string; sku: string; quantity: number }) {
  const { offers: texts } = useTexts();
  return <p>{texts.gift(from, useProductName(sku), quantity)}</p>;
}

export function ProductLink({ sku }: { sku: string }) {
  return <Link to={`/products/${sku}`}>{useProductName(sku)}</Link>;
}

export function scopeOf(
  offer: Pick<OfferAnswer, "scope" | "kind">,
  words: { all: string; zone: string; skus: string },
): string {
  if (offer.scope?.all === true) return words.all;
  return offer.scope?.zone === true ? words.zone : words.skus;
}
