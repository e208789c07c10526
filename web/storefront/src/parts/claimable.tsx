/** Coupons that can be claimed: what the shop gives to whoever wants one. */
import type { ClaimableAnswer, CouponAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Badge, Card } from "@shared/ui/bits";
import { Button, LinkButton } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Failure } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTexts } from "../messages/texts";
import { useCouponFace } from "./coupon";
import { ProductName } from "./quote";

/** So many stand on the home page. */
const AT_HOME = 4;

/** Claims a coupon. A claim that is sent again is the same claim; after one that was answered comes another one. */
export function useClaim() {
  const cache = useQueryClient();
  const [key, setKey] = useState(() => newId("claim"));
  const claim = useApi().useMutation("post", "/coupon-templates/{template_id}/claim", {
    onSuccess: () => {
      setKey(newId("claim"));
      return cache.invalidateQueries();
    },
  });
  return {
    isPending: claim.isPending,
    error: claim.error,
    data: claim.data,
    claim: (templateId: string) =>
      claim.mutate({
        params: { path: { template_id: templateId }, header: { "idempotency-key": key } },
      }),
    /** For another template: it is another claim. */
    anew: () => setKey(newId("claim")),
  };
}

/** All of them, page by page. */
export function Claimables() {
  const { coupons: texts } = useTexts();
  const query = useApi().useInfiniteQuery("get", "/members/me/coupons/claimable", {}, PAGED);
  return (
    <Card title={texts.claimable}>
      <Pages query={query} empty={<p className="soft">{texts.claimableNone}</p>}>
        {(items) => <Grid items={items} />}
      </Pages>
    </Card>
  );
}

/** The first few; nothing where there is none. */
export function ClaimablesAtHome() {
  const { coupons: texts } = useTexts();
  const found = useApi().useQuery("get", "/members/me/coupons/claimable", {
    params: { query: { limit: AT_HOME } },
  }).data;
  if (found === undefined || found.items.length === 0) return null;
  return (
    <section className="stack" aria-label={texts.claimable}>
      <div className="row apart">
        <h2>{texts.claimable}</h2>
        <LinkButton small to="/coupons">
          {texts.more}
        </LinkButton>
      </div>
      <Grid items={found.items} />
    </section>
  );
}

function Grid({ items }: { items: readonly ClaimableAnswer[] }) {
  return (
    <ul className="offer-grid">
      {items.map((each) => (
        <Claimable key={each.template_id} of={each} />
      ))}
    </ul>
  );
}

function Claimable({ of }: { of: ClaimableAnswer }) {
  const { coupons: texts } = useTexts();
  const { moment } = useWords();
  const faceOf = useCouponFace();
  const { claim, isPending, error, data } = useClaim();
  const none = of.claims_left === 0;
  return (
    <li className="coupon available">
      <span>{of.name}</span>
      <strong>{faceOf(of)}</strong>
      <p className="small-text">
        <CouponScope coupon={of} />
        {of.exclusive && (
          <>
            {" "}
            <Badge tone="gold">{texts.exclusive}</Badge>
          </>
        )}
      </p>
      <p className="soft small-text">
        {"days" in of.valid ? texts.days(of.valid.days) : texts.windowUntil(moment(of.valid.until))}
        {of.claims_left !== null && of.claims_left > 0 && ` · ${texts.claimsLeft(of.claims_left)}`}
      </p>
      {none ? (
        <div>
          <Badge tone="good">{texts.claimed}</Badge>
        </div>
      ) : (
        <Button
          small
          look="primary"
          isPending={isPending}
          aria-label={texts.claimOf(of.name)}
          onPress={() => claim(of.template_id)}
        >
          {texts.claim}
        </Button>
      )}
      <span role="status" className="small-text">
        {data !== undefined && !none && texts.got}
      </span>
      {error !== null && <Failure error={error} />}
    </li>
  );
}

/** The products that a coupon counts. */
export function CouponScope({ coupon }: { coupon: Pick<CouponAnswer, "scope"> }) {
  const { scope } = useTexts().coupons;
  const skus = coupon.scope.skus ?? [];
  if (coupon.scope.all === true) return scope.all;
  if (coupon.scope.zone === true) return scope.zone;
  return (
    <>
      {scope.skus("")}
      {skus.map((sku) => (
        <span key={sku}>
          <ProductName sku={sku} />{" "}
        </span>
      ))}
    </>
  );
}
