import type { ProductAnswer } from "@shared/api/schema";
import { Badge, Card, Facts, Notice, PageHead } from "@shared/ui/bits";
import { Button, LinkButton } from "@shared/ui/button";
import { Answered } from "@shared/ui/states";
import { Stepper } from "@shared/ui/stepper";
import { useState } from "react";
import { useParams } from "react-router";
import { QUANTITY_MAX, useCart } from "../cart";
import { useTexts } from "../messages/texts";
import { Offer } from "../parts/offer";
import { Price } from "../parts/price";
import { Seal } from "../parts/seal";
import { isCheaper, useProduct, useRunning, useWhy } from "../shop";

/** A product: what it costs this member and why, and what else runs for it. */
export default function ProductPage() {
  const { sku = "" } = useParams();
  const { pages } = useTexts();
  const product = useProduct(sku);
  return (
    <Answered query={product} tall page={pages.product}>
      {(found) => <Found product={found} />}
    </Answered>
  );
}

function Found({ product }: { product: ProductAnswer }) {
  const { catalogue: texts, cart: cartTexts, pages } = useTexts();
  const why = useWhy();
  const { add } = useCart();
  const [quantity, setQuantity] = useState(1);
  const [added, setAdded] = useState(false);
  const whyItIs =
    product.price_of === "list" && product.member_zone ? texts.whyListZone : why(product.price_of);
  return (
    <div className="stack loose">
      <div className="product-page">
        <Seal sku={product.sku} name={product.name} large />
        <div className="stack">
          <PageHead title={product.name} />
          <div className="row">
            {product.member_zone && <Badge tone="gold">{texts.zone}</Badge>}
            {!product.in_stock && <Badge>{texts.soldOut}</Badge>}
          </div>
          <Price product={product} large />
          {!isCheaper(product) && <p className="soft">{whyItIs}</p>}
          <Facts
            facts={[
              [
                texts.sku,
                <span key="sku" className="code">
                  {product.sku}
                </span>,
              ],
            ]}
          />
          <p className="soft small-text">{product.no_reason === false ? texts.noNoReason : texts.noReason}</p>
          {product.in_stock && (
            <div className="row">
              <Stepper label={texts.quantity} value={quantity} max={QUANTITY_MAX} onChange={setQuantity} />
            </div>
          )}
          {product.in_stock && (
            <div className="row">
              <Button
                look="primary"
                onPress={() => {
                  add(product.sku, quantity);
                  setAdded(true);
                }}
              >
                {texts.add}
              </Button>
              <LinkButton to="/cart">{pages.cart}</LinkButton>
            </div>
          )}
          {added && <Notice tone="good" head={texts.added(product.name)} />}
        </div>
      </div>
      <Campaigns sku={product.sku} zone={product.member_zone} title={cartTexts.campaigns} />
    </div>
  );
}

function Campaigns({ sku, zone, title }: { sku: string; zone: boolean; title: string }) {
  const running = useRunning();
  const about = running.filter((offer) => {
    if (offer.except_skus?.includes(sku) === true) return false;
    if ("items" in offer.terms) return sku in offer.terms.items;
    const { scope } = offer;
    return scope?.all === true || (scope?.zone === true && zone) || scope?.skus?.includes(sku) === true;
  });
  if (about.length === 0) return null;
  return (
    <Card title={title}>
      <ul className="offer-grid">
        {about.map((each) => (
          <Offer key={each.campaign_id} offer={each} />
        ))}
      </ul>
    </Card>
  );
}
