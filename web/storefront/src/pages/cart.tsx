/** The cart, with what it costs at this moment: the quote is asked anew with every change. */
import { asProblem, type Problem } from "@shared/api/problem";
import type { QuoteAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Money, Notice, PageHead } from "@shared/ui/bits";
import { Button, IconButton, LinkButton } from "@shared/ui/button";
import { Choices } from "@shared/ui/fields";
import { Icon } from "@shared/ui/icon";
import { Select } from "@shared/ui/select";
import { Empty, Failure, Loading } from "@shared/ui/states";
import { Stepper } from "@shared/ui/stepper";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { type Cart, POINTS_MAX, POINTS_STEP, QUANTITY_MAX, useCart } from "../cart";
import { useTexts } from "../messages/texts";
import { useCouponName, useUsableCoupons } from "../parts/coupon";
import { type LineFault, lineFaults, skusOf } from "../parts/line-faults";
import { NotUsed, ProductName, Sums, Used } from "../parts/quote";
import { Seal } from "../parts/seal";
import { useCampaignNames, useProduct, useProductName, useWhy } from "../shop";

/** What the API is asked to price: the cart without its key. */
export function cartRequest({ lines, coupon, points, campaigns }: Cart) {
  return { lines: [...lines], coupon, points, campaigns };
}

/** The gifts of a quote, as the order says that the shopper saw them. */
export function giftsOf(quote: Pick<QuoteAnswer, "lines">) {
  return quote.lines.filter((line) => line.gift_of !== null).map(({ sku, quantity }) => ({ sku, quantity }));
}

export default function CartPage() {
  const { cart: texts, pages } = useTexts();
  const { cart } = useCart();
  if (cart.lines.length === 0)
    return (
      <div className="stack">
        <PageHead title={pages.cart} />
        <Empty title={texts.empty} action={<LinkButton to="/">{texts.toCatalogue}</LinkButton>}>
          {texts.emptyHere}
        </Empty>
      </div>
    );
  return <Full />;
}

function Full() {
  const { pages } = useTexts();
  const { cart } = useCart();
  const api = useApi();
  const cache = useQueryClient();
  const asked = { body: cartRequest(cart) };
  const quote = api.useQuery("post", "/quotes", asked, { placeholderData: keepPreviousData, staleTime: 0 });
  // What the order was refused for is said at its lines until the cart is another one.
  const [refusal, setRefusal] = useState<{ key: string; error: unknown } | null>(null);

  /** What was shown holds no more: the page is of one price, the refusal's own or one that is asked for anew. */
  function refused(error: unknown) {
    setRefusal({ key: cart.key, error });
    const found = changedQuote(asProblem(error));
    if (found === null) void quote.refetch();
    else cache.setQueryData(api.queryOptions("post", "/quotes", asked).queryKey, found);
  }
  const error = quote.error ?? (refusal?.key === cart.key ? refusal.error : null);
  const faults = lineFaults(quote.data, error === null ? null : asProblem(error));
  return (
    <div className="stack">
      <PageHead title={pages.cart} />
      <div className="cart-page">
        <div className="stack">
          <Lines quote={quote.data} faultOf={(sku) => faults.get(sku)} />
          <Offers />
        </div>
        <div className="stack aside">
          {quote.error !== null ? (
            <Refused error={quote.error} again={() => void quote.refetch()} />
          ) : quote.data === undefined ? (
            <Loading tall />
          ) : (
            <Checkout
              key={cart.key}
              quote={quote.data}
              stale={quote.isPlaceholderData || quote.isRefetching}
              onRefused={refused}
            />
          )}
        </div>
      </div>
    </div>
  );
}

function Lines({
  quote,
  faultOf,
}: {
  quote: QuoteAnswer | undefined;
  faultOf: (sku: string) => LineFault | undefined;
}) {
  const { cart: texts } = useTexts();
  const { cart } = useCart();
  const gifts = quote?.lines.filter((line) => line.gift_of !== null) ?? [];
  return (
    <Card title={texts.lines}>
      <ul className="cart-lines">
        {cart.lines.map((line) => (
          <Line
            key={line.sku}
            sku={line.sku}
            quantity={line.quantity}
            priced={quote?.lines.find((each) => each.gift_of === null && each.sku === line.sku)}
            fault={faultOf(line.sku)}
          />
        ))}
        {gifts.map((line) => (
          <li key={line.line_id} className="cart-line">
            <Name sku={line.sku} />
            <Badge tone="gold">{texts.giftOf(`× ${line.quantity}`)}</Badge>
            <span className="end">
              <Money fen={line.amount_fen} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Line({
  sku,
  quantity,
  priced,
  fault,
}: {
  sku: string;
  quantity: number;
  priced: QuoteAnswer["lines"][number] | undefined;
  fault: LineFault | undefined;
}) {
  const { cart: texts } = useTexts();
  const { set, remove } = useCart();
  const name = useProductName(sku);
  const why = useWhy();
  const cheaper = priced !== undefined && priced.unit_price_fen < priced.list_price_fen;
  return (
    <li className="cart-line">
      <Name sku={sku} />
      <Stepper
        hideLabel
        label={texts.quantityOf(name)}
        value={quantity}
        max={QUANTITY_MAX}
        onChange={(next) => set(sku, next)}
      />
      <span className="end">
        {priced !== undefined && (
          <>
            <Money fen={priced.amount_fen} />
            <span className="soft small-text">
              {cheaper && (
                <span className="struck">
                  <Money fen={priced.list_price_fen} />
                </span>
              )}{" "}
              <Money fen={priced.unit_price_fen} />
              {cheaper && ` ${why(priced.price_of)}`}
            </span>
          </>
        )}
      </span>
      <IconButton label={texts.remove(name)} onPress={() => remove([sku])}>
        <Icon name="close" />
      </IconButton>
      <Fault sku={sku} name={name} quantity={quantity} fault={fault} />
    </li>
  );
}

/** What stands against a line, where it stands, with what can be done at a press. */
function Fault({
  sku,
  name,
  quantity,
  fault,
}: {
  sku: string;
  name: string;
  quantity: number;
  fault: LineFault | undefined;
}) {
  const { line: texts, remove: removeOf } = useTexts().cart;
  const { set, remove } = useCart();
  const nameOf = useCampaignNames();
  const soldOut = useProduct(sku).data?.in_stock === false;
  const known: LineFault | undefined = fault ?? (soldOut ? { kind: "short", left: 0 } : undefined);
  if (known === undefined) return null;
  const units = known.kind === "gone" ? 0 : known.kind === "flash" ? known.mayHave : (known.left ?? 0);
  const said =
    known.kind === "gone"
      ? texts.gone
      : known.kind === "flash"
        ? texts.flash(nameOf(known.campaignId), known.mayHave)
        : known.left === null
          ? texts.short
          : texts.left(known.left);
  return (
    <p className={`line-fault small-text${known.kind === "flash" ? " mild" : ""}`} role="status">
      <span>{said}</span>
      {units > 0 && units < quantity && (
        <Button small aria-label={`${name}: ${texts.take(units)}`} onPress={() => set(sku, units)}>
          {texts.take(units)}
        </Button>
      )}
      {units === 0 && known.kind !== "flash" && (
        <Button small aria-label={removeOf(name)} onPress={() => remove([sku])}>
          {texts.takeOut}
        </Button>
      )}
    </p>
  );
}

function Name({ sku }: { sku: string }) {
  const name = useProductName(sku);
  return (
    <span className="cart-name">
      <Seal sku={sku} name={name} />
      <Link to={`/products/${sku}`}>{name}</Link>
    </span>
  );
}

function Offers() {
  const { cart: texts } = useTexts();
  const { cart, choose } = useCart();
  const coupons = useUsableCoupons().data?.items ?? [];
  const nameOf = useCouponName();
  const pointsChoice = cart.points === "best" ? "best" : cart.points === 0 ? "none" : "some";
  const options = [
    { id: "best", label: texts.coupons.best },
    { id: "none", label: texts.coupons.none },
    ...coupons.map((each) => ({ id: each.coupon_id, label: nameOf(each) })),
  ];
  return (
    <Card title={texts.offers}>
      <Select
        label={texts.coupon}
        options={options}
        value={options.some((each) => each.id === cart.coupon) ? cart.coupon : "best"}
        onChange={(coupon) => choose({ coupon })}
      />
      <Choices
        row
        label={texts.points}
        options={(["best", "none", "some"] as const).map((id) => ({ id, label: texts.pointsChoices[id] }))}
        value={pointsChoice}
        onChange={(next) => choose({ points: next === "best" ? "best" : next === "none" ? 0 : POINTS_STEP })}
      />
      {typeof cart.points === "number" && cart.points > 0 && (
        <Stepper
          label={texts.pointsCount}
          value={cart.points}
          min={POINTS_STEP}
          max={POINTS_MAX}
          step={POINTS_STEP}
          onChange={(points) => choose({ points })}
        />
      )}
      <Choices
        row
        label={texts.campaigns}
        options={(["best", "none"] as const).map((id) => ({ id, label: texts.campaignChoices[id] }))}
        value={cart.campaigns}
        onChange={(campaigns) => choose({ campaigns })}
      />
    </Card>
  );
}

/** Why the cart cannot be priced or ordered; products that are the reason are named, and can be taken out. */
function Refused({ error, again }: { error: unknown; again?: () => void }) {
  const { cart: texts } = useTexts();
  const { remove } = useCart();
  const problem = asProblem(error);
  const skus = skusOf(problem);
  return (
    <Failure error={problem} {...(again && { again })}>
      {skus.length > 0 && (
        <>
          <ul>
            {skus.map((sku) => (
              <li key={sku}>
                <ProductName sku={sku} />
              </li>
            ))}
          </ul>
          <div>
            <Button small onPress={() => remove(skus)}>
              {texts.takeOut}
            </Button>
          </div>
        </>
      )}
    </Failure>
  );
}

/** The quote that a refusal brings where the price is another one by now. */
function changedQuote(problem: Problem): QuoteAnswer | null {
  return problem.code === "quote_changed" ? (problem.more.quote as QuoteAnswer) : null;
}

function Checkout({
  quote,
  stale,
  onRefused,
}: {
  quote: QuoteAnswer;
  stale: boolean;
  onRefused: (error: unknown) => void;
}) {
  const { cart: texts } = useTexts();
  const { yuan, number } = useWords();
  const { cart, renew } = useCart();
  const navigate = useNavigate();
  const cache = useQueryClient();
  const place = useApi().useMutation("post", "/orders");
  const problem = place.error === null ? null : asProblem(place.error);
  const changed = problem === null ? null : changedQuote(problem);
  const [seenFen, setSeenFen] = useState(quote.paid_fen);
  const shown = quote;
  const saved =
    shown.lines.reduce(
      (sum, line) => sum + (line.gift_of === null ? line.list_price_fen * line.quantity : 0),
      0,
    ) -
    shown.goods_net_fen +
    (shown.coupon?.amount_fen ?? 0) +
    shown.points.value_fen;

  async function order(seen: QuoteAnswer) {
    setSeenFen(seen.paid_fen);
    const placed = await place
      .mutateAsync({
        params: { header: { "idempotency-key": cart.key } },
        body: { ...cartRequest(cart), expected_paid_fen: seen.paid_fen, expected_gifts: giftsOf(seen) },
      })
      .catch((error: unknown) => {
        onRefused(error); // It is shown below, too, as what the mutation ended with.
        return null;
      });
    if (placed === null) return;
    // The page is there before the cart is emptied, or an empty cart would flash up.
    await import("./order");
    await navigate(`/orders/${placed.order_id}`);
    renew("nothing");
    await cache.invalidateQueries();
  }

  return (
    <>
      <Card title={texts.quote} aside={stale && <span className="soft small-text">{texts.stale}</span>}>
        <Sums quote={shown} />
        {saved > 0 && <p className="saving">{texts.saving(yuan(saved))}</p>}
        <p className="soft small-text">{texts.earns(number(shown.earns_points))}</p>
        {changed !== null && (
          <Notice tone="warn" head={texts.changed}>
            <p>
              {texts.was} <Money fen={seenFen} /> → {texts.is}{" "}
              <strong>
                <Money fen={shown.paid_fen} />
              </strong>
            </p>
          </Notice>
        )}
        {problem?.code === "idempotency_key_reused" && (
          <Notice tone="warn" head={texts.earlier}>
            <p>{texts.earlierHere}</p>
            <div className="row">
              <LinkButton small to="/orders">
                {texts.toOrders}
              </LinkButton>
              <Button small onPress={() => renew("lines")}>
                {texts.anew}
              </Button>
            </div>
          </Notice>
        )}
        {problem !== null && changed === null && problem.code !== "idempotency_key_reused" && (
          <Refused error={problem} />
        )}
        <div className="pay-bar">
          <strong className="sum">
            <Money fen={shown.paid_fen} />
          </strong>
          <Button look="primary" wide isPending={place.isPending} onPress={() => void order(shown)}>
            {changed === null ? texts.placeFor(yuan(shown.paid_fen)) : texts.placeAtNew}
          </Button>
        </div>
      </Card>
      <Card title={texts.used}>
        <Used quote={shown} />
      </Card>
      {shown.not_applied.length > 0 && (
        <Card title={texts.notUsed}>
          <NotUsed quote={shown} />
        </Card>
      )}
    </>
  );
}
