/** What marketing looks at in the morning: what runs and how much is left of it, and what runs low. */
import type { CampaignAnswer, ProductAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Moment } from "@shared/ui/bits";
import { Answered } from "@shared/ui/states";
import { Link } from "react-router";
import { useParts } from "../../parts/texts";
import { useWhole, WHOLE } from "../../parts/whole";
import { useCan } from "../../rights";
import { useTexts } from "./texts";

const LIMIT = 100;
const SHOWN = 8;
/** The catalogue has no list by stock: of a large one only so many pages are looked at, and the page says so. */
const PAGES_MAX = 5;

export function Marketing() {
  const texts = useTexts();
  const can = useCan();
  return (
    <section className="stack" aria-label={texts.marketing}>
      <h2>{texts.marketing}</h2>
      <div className="columns">
        {can("get_campaigns") && <Campaigns status="running" />}
        {can("get_campaigns") && <Campaigns status="scheduled" />}
        <Low />
      </div>
    </section>
  );
}

function Campaigns({ status }: { status: "running" | "scheduled" }) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const query = { status, limit: LIMIT };
  const found = useApi().useInfiniteQuery("get", "/campaigns", { params: { query } }, WHOLE);
  const campaigns = useWhole(found, PAGES_MAX);
  return (
    <Card
      title={texts[status]}
      aside={campaigns.data !== undefined && <Badge>{number(campaigns.data.length)}</Badge>}
    >
      <Answered query={campaigns}>
        {(items) =>
          items.length === 0 ? (
            <p className="soft">{texts[`${status}None`]}</p>
          ) : (
            <>
              <ul className="work">
                {items.slice(0, SHOWN).map((each) => (
                  <li key={each.campaign_id}>
                    <Link to={`/campaigns/${encodeURIComponent(each.campaign_id)}`}>{each.name}</Link>
                    <span className="small-text">
                      <Left of={each} />
                    </span>
                  </li>
                ))}
              </ul>
              <Link
                to={`/campaigns?state=${status}`}
                className="small-text"
                aria-label={`${parts.openAll} · ${texts[status]}`}
              >
                {parts.openAll}
              </Link>
            </>
          )
        }
      </Answered>
    </Card>
  );
}

/** What is left of a campaign's limits, and until when it runs; of one that has not begun, from when on. */
function Left({ of }: { of: CampaignAnswer }) {
  const texts = useTexts();
  const { number, yuan } = useWords();
  const { campaignKind } = useCommon();
  const { limits, used } = of;
  if (of.state === "scheduled")
    return (
      <>
        {campaignKind[of.kind]} · {texts.from} <Moment at={of.starts_at} />
      </>
    );
  const orders = limits.orders === null ? null : Math.max(0, limits.orders - used.orders);
  const budgetFen = limits.budget_fen === null ? null : Math.max(0, limits.budget_fen - used.given_fen);
  return (
    <>
      {orders === 0 || budgetFen === 0 ? <Badge tone="warn">{texts.usedUp}</Badge> : null}{" "}
      {[
        orders === null ? null : texts.ordersLeft(number(orders)),
        budgetFen === null ? null : texts.budgetLeft(yuan(budgetFen)),
        orders === null && budgetFen === null ? texts.ordersSo(number(used.orders)) : null,
      ]
        .filter((each) => each !== null)
        .join(" · ")}
      {" · "}
      {texts.until} <Moment at={of.ends_at} />
    </>
  );
}

/** Whether so little is left of a product on sale that somebody should know. */
function runsLow({ stock, low_stock_threshold: threshold, status }: ProductAnswer): boolean {
  return status === "on_sale" && stock != null && (stock === 0 || (threshold != null && stock <= threshold));
}

function Low() {
  const texts = useTexts();
  const { number } = useWords();
  const query = { limit: LIMIT };
  const found = useApi().useInfiniteQuery("get", "/products", { params: { query } }, WHOLE);
  const products = useWhole(found, PAGES_MAX);
  const low = products.data
    ?.filter(runsLow)
    .sort((one, other) => (one.stock ?? 0) - (other.stock ?? 0) || one.sku.localeCompare(other.sku));
  return (
    <Card
      title={texts.low}
      aside={
        low !== undefined && <Badge tone={low.length === 0 ? "good" : "warn"}>{number(low.length)}</Badge>
      }
    >
      <Answered query={{ ...products, data: low }}>
        {(items) =>
          items.length === 0 ? (
            <p className="soft">{texts.lowNone}</p>
          ) : (
            <ul className="work">
              {items.slice(0, SHOWN).map((each) => (
                <li key={each.sku}>
                  <Link to={`/products/${encodeURIComponent(each.sku)}`}>{each.name}</Link>
                  <span className="small-text">
                    {each.stock === 0 ? (
                      <Badge tone="bad">{texts.soldOut}</Badge>
                    ) : (
                      texts.stockLeft(number(each.stock ?? 0))
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
      {products.cut && <p className="soft small-text">{texts.lowCut(number(PAGES_MAX * LIMIT))}</p>}
    </Card>
  );
}
