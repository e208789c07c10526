import type { CouponAnswer, CouponStatus } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Notice, PageHead } from "@shared/ui/bits";
import { Button, LinkButton } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty, Failure } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { Link } from "react-router";
import { useTexts } from "../messages/texts";
import { Claimables, CouponScope, useClaim } from "../parts/claimable";
import { useCouponFace, useCouponName } from "../parts/coupon";

const STATUSES = ["available", "used", "expired"] as const satisfies readonly CouponStatus[];

export default function Coupons() {
  const { pages } = useTexts();
  return (
    <div className="stack">
      <PageHead title={pages.coupons} />
      <Claimables />
      <div className="columns">
        <Code />
        <Claim />
      </div>
      <Mine />
    </div>
  );
}

function Code() {
  const { coupons: texts } = useTexts();
  const cache = useQueryClient();
  const [code, setCode] = useState("");
  const redeem = useApi().useMutation("post", "/members/me/coupon-codes", {
    onSuccess: () => cache.invalidateQueries(),
  });
  return (
    <Get
      title={texts.redeem}
      action={texts.redeem}
      ready={code.trim() !== ""}
      pending={redeem.isPending}
      error={redeem.error}
      got={redeem.data}
      send={() => redeem.mutate({ body: { code } })}
    >
      <TextField label={texts.code} value={code} onChange={setCode} note={texts.codeNote} />
    </Get>
  );
}

/** What can be claimed, and a field for who was told a template's number. */
function Claim() {
  const { coupons: texts } = useTexts();
  const [template, setTemplate] = useState("");
  const claim = useClaim();
  return (
    <Get
      title={texts.claim}
      action={texts.claim}
      ready={/^[A-Za-z0-9._-]{1,64}$/.test(template.trim())}
      pending={claim.isPending}
      error={claim.error}
      got={claim.data}
      send={() => claim.claim(template.trim())}
    >
      <TextField
        label={texts.template}
        value={template}
        onChange={(next) => {
          setTemplate(next);
          claim.anew();
        }}
        note={texts.templateNote}
      />
    </Get>
  );
}

function Get(props: {
  title: string;
  action: string;
  ready: boolean;
  pending: boolean;
  error: unknown;
  got: CouponAnswer | undefined;
  send: () => void;
  children: ReactNode;
}) {
  const { coupons: texts } = useTexts();
  const nameOf = useCouponName();
  return (
    <Card title={props.title}>
      <form
        className="stack tight"
        onSubmit={(event: FormEvent) => {
          event.preventDefault();
          if (props.ready) props.send();
        }}
      >
        {props.children}
        <Button type="submit" look="primary" isPending={props.pending} isDisabled={!props.ready}>
          {props.action}
        </Button>
      </form>
      {props.error !== null && <Failure error={props.error} />}
      {props.got !== undefined && (
        <Notice tone="good" head={texts.got}>
          <p>{nameOf(props.got)}</p>
        </Notice>
      )}
    </Card>
  );
}

function Mine() {
  const { coupons: texts } = useTexts();
  const { couponStatus } = useCommon();
  const [status, setStatus] = useState<CouponStatus>("available");
  const coupons = useApi().useInfiniteQuery(
    "get",
    "/members/me/coupons",
    { params: { query: { status } } },
    PAGED,
  );
  return (
    <Card
      title={texts.mine}
      aside={
        <Segments
          label={texts.filter}
          options={STATUSES.map((id) => ({ id, label: couponStatus[id] }))}
          value={status}
          onChange={setStatus}
        />
      }
    >
      <Pages query={coupons} empty={<Empty title={texts.none}>{texts.noneHere}</Empty>}>
        {(items) => (
          <ul className="offer-grid">
            {items.map((each) => (
              <Coupon key={each.coupon_id} coupon={each} />
            ))}
          </ul>
        )}
      </Pages>
    </Card>
  );
}

function Coupon({ coupon }: { coupon: CouponAnswer }) {
  const { coupons: texts } = useTexts();
  const { moment } = useWords();
  const faceOf = useCouponFace();
  return (
    <li className={`coupon ${coupon.status}`}>
      {coupon.name !== null && <span>{coupon.name}</span>}
      <strong>{faceOf(coupon)}</strong>
      <p className="small-text">
        <CouponScope coupon={coupon} />
        {coupon.exclusive && (
          <>
            {" "}
            <Badge tone="gold">{texts.exclusive}</Badge>
          </>
        )}
      </p>
      <p className="soft small-text">{texts.until(moment(coupon.valid_from), moment(coupon.valid_until))}</p>
      {coupon.order_id !== null && (
        <Link to={`/orders/${coupon.order_id}`} className="small-text">
          {texts.usedIn}
        </Link>
      )}
      {coupon.status === "available" && (
        <LinkButton small to="/cart">
          {texts.use}
        </LinkButton>
      )}
    </li>
  );
}
