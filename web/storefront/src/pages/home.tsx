import type { ProductAnswer } from "@shared/api/schema";
import { useApi } from "@shared/session/context";
import { Badge, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { useDeferredValue, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useCart } from "../cart";
import { useTexts } from "../messages/texts";
import { ClaimablesAtHome } from "../parts/claimable";
import { MemberDay } from "../parts/member-day";
import { Offer } from "../parts/offer";
import { Price } from "../parts/price";
import { Seal } from "../parts/seal";
import { useMember, useOffers, useRunning } from "../shop";

const FILTERS = ["all", "zone", "rest"] as const;
type Filter = (typeof FILTERS)[number];
const PRODUCTS_A_PAGE = 24;

/** The shop window: the member day, what runs, and the products at the member's prices. */
export function Home() {
  const { hello } = useTexts();
  const { member } = useMember();
  return (
    <div className="stack loose">
      <PageHead title={hello(member?.name ?? "")} />
      <MemberDay />
      <ClaimablesAtHome />
      <Campaigns />
      <Catalogue />
    </div>
  );
}

function Campaigns() {
  const { offers: texts } = useTexts();
  const found = useOffers().data;
  const running = useRunning();
  if (found === undefined || running.length + found.next.length === 0) return null;
  return (
    <section className="stack" aria-label={texts.title}>
      {running.length > 0 && (
        <>
          <h2>{texts.title}</h2>
          <ul className="offer-grid">
            {running.map((each) => (
              <Offer key={each.campaign_id} offer={each} />
            ))}
          </ul>
        </>
      )}
      {found.next.length > 0 && (
        <>
          <h2>{texts.next}</h2>
          <ul className="offer-grid">
            {found.next.map((each) => (
              <Offer key={each.campaign_id} offer={each} coming />
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Catalogue() {
  const { catalogue: texts } = useTexts();
  const [parameters, setParameters] = useSearchParams();
  const filter = FILTERS.find((each) => each === parameters.get("zone")) ?? "all";
  const [typed, setTyped] = useState("");
  const beginning = useDeferredValue(typed.trim());
  const query = {
    limit: PRODUCTS_A_PAGE,
    ...(filter !== "all" && { zone: filter === "zone" ? ("true" as const) : ("false" as const) }),
    ...(beginning !== "" && { q: beginning }),
  };
  const products = useApi().useInfiniteQuery("get", "/products", { params: { query } }, PAGED);
  return (
    <section className="stack" aria-label={texts.title}>
      <div className="page-head">
        <h2>{texts.title}</h2>
        <div className="row filters">
          <Segments<Filter>
            label={texts.filter}
            options={FILTERS.map((id) => ({ id, label: texts.filters[id] }))}
            value={filter}
            onChange={(next) =>
              setParameters(next === "all" ? {} : { zone: next }, { preventScrollReset: true })
            }
          />
          <TextField label={texts.search} value={typed} onChange={setTyped} type="search" />
        </div>
      </div>
      <Pages query={products} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => (
          <ul className="product-grid">
            {items.map((each) => (
              <Product key={each.sku} product={each} />
            ))}
          </ul>
        )}
      </Pages>
    </section>
  );
}

function Product({ product }: { product: ProductAnswer }) {
  const { catalogue: texts } = useTexts();
  const { cart, add } = useCart();
  const action = cart.lines.some((line) => line.sku === product.sku) ? texts.addMore : texts.add;
  return (
    <li className="product">
      <Link to={`/products/${product.sku}`} className="cover">
        <Seal sku={product.sku} name={product.name} />
        <span className="name">{product.name}</span>
      </Link>
      {product.member_zone && <Badge tone="gold">{texts.zone}</Badge>}
      <Price product={product} />
      {product.in_stock ? (
        <Button small aria-label={texts.of(action, product.name)} onPress={() => add(product.sku)}>
          {action}
        </Button>
      ) : (
        <Badge>{texts.soldOut}</Badge>
      )}
    </li>
  );
}
