/** Ids that lead to what they are of, where the reader may see it. */
import { useApi, useUser } from "@shared/session/context";
import { Link } from "react-router";
import { type Right, useCan } from "../rights";
import { useParts } from "./texts";

function Ref({ to, right, children }: { to: string; right: Right; children: string }) {
  const can = useCan();
  return can(right) ? (
    <Link to={to} className="code">
      {children}
    </Link>
  ) : (
    <span className="code">{children}</span>
  );
}

const path = encodeURIComponent;

export function OrderRef({ id }: { id: string }) {
  return (
    <Ref to={`/orders/${path(id)}`} right="get_order">
      {id}
    </Ref>
  );
}

export function MemberRef({ id }: { id: string }) {
  return (
    <Ref to={`/members/${path(id)}`} right="get_member">
      {id}
    </Ref>
  );
}

export function CaseRef({ id }: { id: string }) {
  return (
    <Ref to={`/cases/${path(id)}`} right="get_case">
      {id}
    </Ref>
  );
}

export function SkuRef({ id }: { id: string }) {
  return (
    <Ref to={`/products/${path(id)}`} right="get_movements">
      {id}
    </Ref>
  );
}

export function CampaignRef({ id }: { id: string }) {
  return (
    <Ref to={`/campaigns/${path(id)}`} right="get_campaign">
      {id}
    </Ref>
  );
}

/**
 * Who did something: by name where it is known, and one's own always. Records have the names of others, so that who
 * may read them is led to what somebody did.
 */
export function OperatorRef({ id, name = null }: { id: string; name?: string | null }) {
  const texts = useParts();
  const user = useUser();
  const own = user !== null && user.memberId === id;
  const said = name ?? (own ? user.name : id);
  return (
    <>
      <Ref to={`/audit?by=operator&value=${path(id)}`} right="get_audit">
        {said}
      </Ref>
      {own && <span className="soft">{texts.isMe}</span>}
    </>
  );
}

export function TemplateRef({ id }: { id: string }) {
  return (
    <Ref to={`/coupons/${path(id)}`} right="get_coupon_template">
      {id}
    </Ref>
  );
}

/** A name changes seldom, and stands in many places of a page. */
const NAME_FRESH_MILLISECONDS = 300_000;

/** What a product is called; its sku where that is not known, or not yet. */
export function ProductName({ sku }: { sku: string }) {
  const product = useApi().useQuery(
    "get",
    "/products/{sku}",
    { params: { path: { sku } } },
    { enabled: sku !== "", staleTime: NAME_FRESH_MILLISECONDS, retry: false },
  );
  const name = product.data?.name;
  return name === undefined ? <span className="code">{sku}</span> : name;
}

/** A product by its name, and its sku under it, which leads to it. */
export function ProductRef({ sku }: { sku: string }) {
  return (
    <span className="stack tight">
      <ProductName sku={sku} />
      <span className="small-text">
        <SkuRef id={sku} />
      </span>
    </span>
  );
}
