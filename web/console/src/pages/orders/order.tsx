import type { CaseAnswer, HistoryAnswer, OrderAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Moment, Money, Notice, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered, Empty, Failure } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { useParams } from "react-router";
import { KeptWhy } from "../../parts/back";
import { CaseBadge, OrderBadge, RefundBadge } from "../../parts/badges";
import { staying } from "../../parts/kept";
import { isNoSuch, NoSuch } from "../../parts/no-such";
import { CampaignRef, CaseRef, MemberRef, ProductName, ProductRef, TemplateRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { type Right, useCan } from "../../rights";
import { useTexts } from "./texts";
import { Cancel, Pay, Receive, Refuse, Ship, TakeBack } from "./writes";

export default function OrderPage() {
  const { orderId = "" } = useParams();
  const parts = useParts();
  const order = useApi().useQuery("get", "/orders/{order_id}", { params: { path: { order_id: orderId } } });
  return (
    <div className="stack">
      <PageHead title={parts.order} under={<Id of={parts.order}>{orderId}</Id>}>
        {order.data !== undefined && <Actions order={order.data} />}
      </PageHead>
      {isNoSuch(order.error) ? (
        <NoSuch code="order_not_found" to="/orders" />
      ) : (
        <Answered query={order} tall>
          {(found) => (
            <div className="beside">
              <div className="stack">
                <Lines order={found} />
                <Payments order={found} />
              </div>
              <div className="stack">
                <About order={found} />
                <Amounts order={found} />
                <OpenCases order={found} />
                <History orderId={found.order_id} />
              </div>
            </div>
          )}
        </Answered>
      )}
    </div>
  );
}

type Act = "ship" | "receive" | "refuse" | "takeBack" | "cancel" | "pay";

/** What can be done with an order that stands so, its main one first. */
const ACTS: Record<OrderAnswer["status"], readonly Act[]> = {
  placed: ["pay", "cancel"],
  paid: ["ship", "cancel", "pay"],
  shipped: ["receive", "ship", "refuse", "pay"],
  received: ["takeBack", "pay"],
  returned: ["pay"],
  cancelled: ["pay"],
  lapsed: ["pay"],
  refused: ["pay"],
};
const RIGHTS: Record<Act, Right> = {
  ship: "ship_order",
  receive: "receive_order",
  refuse: "refuse_order",
  takeBack: "return_units",
  cancel: "cancel_order",
  pay: "record_payment",
};
const DIALOGS = {
  ship: Ship,
  receive: Receive,
  refuse: Refuse,
  takeBack: TakeBack,
  cancel: Cancel,
  pay: Pay,
};

function Actions({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const [open, setOpen] = useState<Act | null>(null);
  const acts = ACTS[order.status].filter((act) => can(RIGHTS[act]));
  const Open = open === null ? null : DIALOGS[open];
  return (
    <>
      {acts.map((act, index) => (
        <Button
          key={act}
          look={index === 0 && act !== "pay" ? "primary" : "plain"}
          onPress={() => setOpen(act)}
        >
          {act === "ship" && order.status === "shipped" ? texts.correct : texts[act]}
        </Button>
      ))}
      {Open !== null && <Open order={order} onClose={() => setOpen(null)} />}
    </>
  );
}

function About({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { what, ui } = useCommon();
  const moments = [
    ["placed", order.placed_at],
    ["paid", order.paid_at],
    ["shipped", order.shipped_at],
    ["received", order.received_at],
  ] as const;
  const { moment } = useWords();
  return (
    <Card title={texts.facts} aside={<OrderBadge status={order.status} />}>
      {order.lost === true && <Notice tone="bad" head={texts.lost} />}
      {order.late_at != null && order.status === "shipped" && (
        <Notice tone="warn">
          <p>{texts.late(moment(order.late_at))}</p>
        </Notice>
      )}
      <Facts
        facts={[
          [texts.member, <MemberRef key="m" id={order.member_id} />],
          [texts.tier, order.quote.tier],
          order.quote.member_day ? [texts.member_day, parts.yes] : null,
          ...moments.map(([name, at]) =>
            at === null ? null : ([what[name], <Moment key={name} at={at} />] as const),
          ),
          order.closed_at === null ? null : [ui.end, <Moment key="closed" at={order.closed_at} />],
          order.carrier === null ? null : [texts.carrier, order.carrier],
          order.tracking_no === null
            ? null
            : [
                texts.tracking,
                <Id key="t" of={texts.tracking}>
                  {order.tracking_no}
                </Id>,
              ],
          [
            texts.policy,
            <span key="p" className="code">
              {order.policy_version}
            </span>,
          ],
        ]}
      />
      <Member id={order.member_id} />
    </Card>
  );
}

function Lines({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const gone = (name: string, units: number | undefined) => (units ? `${name} ${number(units)}` : null);
  return (
    <Card title={texts.lines}>
      <Table
        caption={texts.lines}
        rows={order.lines}
        keyOf={(line) => line.line_id}
        columns={[
          {
            id: "sku",
            title: parts.product,
            head: true,
            cell: (line) => (
              <>
                <ProductRef sku={line.sku} />{" "}
                {line.gift_of !== null && <Badge tone="gold">{parts.gift}</Badge>}
              </>
            ),
          },
          {
            id: "unit",
            title: texts.unitPrice,
            end: true,
            cell: (line) => (
              <>
                <Money fen={line.unit_price_fen} />
                {line.price_of !== null && line.price_of !== "list" && (
                  <div className="small-text">
                    {line.price_of === "member_day" ? texts.member_day : <CampaignRef id={line.price_of} />}
                  </div>
                )}
              </>
            ),
          },
          { id: "quantity", title: texts.bought, end: true, cell: (line) => number(line.quantity) },
          {
            id: "left",
            title: texts.kept,
            end: true,
            cell: (line) => (order.closed_at === null ? number(staying(line)) : 0),
          },
          {
            id: "gone",
            title: parts.change,
            cell: (line) =>
              [
                gone(texts.cancelled, line.cancelled_quantity),
                gone(texts.returned, line.returned_quantity),
                gone(texts.lostUnits, line.lost_quantity),
                gone(texts.inCases, line.in_cases),
                ...Object.entries(line.held ?? {}).map(([sku, units]) => `${texts.held} ${sku} × ${units}`),
              ]
                .filter((each) => each !== null)
                .join(" · ") || "—",
          },
        ]}
      />
    </Card>
  );
}

function Amounts({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const { number } = useWords();
  const { reasons } = useCommon();
  const { quote, retained } = order;
  const off = (fen: number) => <Money fen={-fen} />;
  return (
    <Card title={texts.amounts}>
      <Facts
        sums
        facts={[
          [texts.goods, <Money key="g" fen={quote.goods_fen} />],
          ...quote.campaigns
            .filter((each) => each.amount_fen > 0)
            .map(
              (each) =>
                [
                  <>
                    {texts.campaign} <CampaignRef id={each.campaign_id} />
                  </>,
                  off(each.amount_fen),
                ] as const,
            ),
          quote.coupon === null
            ? null
            : [
                <>
                  {texts.coupon}{" "}
                  {quote.coupon.template_id == null ? (
                    <span className="code small-text">{quote.coupon.coupon_id}</span>
                  ) : (
                    <TemplateRef id={quote.coupon.template_id} />
                  )}
                </>,
                off(quote.coupon.amount_fen),
              ],
          [texts.shipping, <Money key="s" fen={quote.shipping_fen} />],
          [texts.orderAmount, <Money key="o" fen={order.order_amount_fen} />],
          quote.points.redeemed === 0
            ? null
            : [texts.points(number(quote.points.redeemed)), off(quote.points.value_fen)],
          [
            order.paid_at !== null ? texts.paid : order.closed_at !== null ? texts.neverPaid : texts.toPay,
            <strong key="p">
              <Money fen={order.paid_fen} />
            </strong>,
          ],
          [texts.refundedOf, <Money key="r" fen={order.refunded_fen} />],
          [texts.kept, <Money key="k" fen={retained.paid_fen} />],
          ...besides(order).map(([reason, fen]) =>
            fen === 0
              ? null
              : ([
                  reason === "return_shipping" ? texts.refundedFreight : texts.refundedOther,
                  <Money key={reason} fen={fen} />,
                ] as const),
          ),
          besides(order).every(([, fen]) => fen === 0)
            ? null
            : [
                texts.refundedAll,
                <Money
                  key="a"
                  fen={besides(order).reduce((sum, [, fen]) => sum + fen, order.refunded_fen)}
                />,
              ],
          retained.redeemed_points === 0 ? null : [texts.keptPoints, number(retained.redeemed_points)],
          [texts.earned, number(retained.earned_points)],
        ]}
      />
      {order.status === "received" && order.refunded_fen > 0 && <Why order={order} />}
      {quote.not_applied.length > 0 && (
        <details>
          <summary className="small-text">{texts.unused}</summary>
          <ul className="stack tight small-text">
            {quote.not_applied.map((each) => (
              <li key={`${each.offer}-${each.campaign_id ?? each.coupon_id ?? ""}-${each.code}`}>
                <span className="code">{each.campaign_id ?? each.coupon_id ?? each.offer}</span>{" "}
                {reasons[each.code as keyof typeof reasons] ?? each.code}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Card>
  );
}

/** Refunds that are none of what left the order: what a payment or a parcel gave back on top of it (A6, O6). */
function besides(order: OrderAnswer): (readonly ["return_shipping" | "payment_not_applied", number])[] {
  return (["return_shipping", "payment_not_applied"] as const).map((reason) => [
    reason,
    (order.refunds ?? [])
      .filter((each) => each.reason === reason)
      .reduce((sum, each) => sum + each.amount_fen, 0),
  ]);
}

/** It is asked for only once somebody wants to know. */
function Why({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="small-text">{texts.keptWhy}</summary>
      {open && <KeptWhy order={order} />}
    </details>
  );
}

function OpenCases({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const cases = order.cases ?? [];
  if (cases.length === 0 || !can("get_case")) return null;
  return (
    <Card title={texts.openCases}>
      <ul className="work">
        {cases.map((each) => (
          <OpenCase key={each.case_id} id={each.case_id} kind={each.kind} />
        ))}
      </ul>
      <p className="soft small-text">{texts.openCasesNote}</p>
    </Card>
  );
}

function OpenCase({ id, kind }: { id: string; kind: CaseAnswer["kind"] }) {
  const { caseKind } = useCommon();
  const found = useApi().useQuery("get", "/cases/{case_id}", { params: { path: { case_id: id } } });
  return (
    <li>
      <span>
        {caseKind[kind]} <CaseRef id={id} />
      </span>
      {found.data !== undefined && <CaseBadge state={found.data.state} />}
    </li>
  );
}

/** Whose order it is. Their name is read when somebody asks for it: each look at a member is recorded (K7). */
function Member({ id }: { id: string }) {
  const texts = useTexts();
  const can = useCan();
  const [asked, setAsked] = useState(false);
  const member = useApi().useQuery(
    "get",
    "/members/{member_id}",
    { params: { path: { member_id: id } } },
    { enabled: asked },
  );
  if (!can("get_member")) return null;
  if (member.error !== null) return <Failure error={member.error} />;
  if (member.data !== undefined)
    return <p>{[member.data.name, member.data.phone].filter(Boolean).join(" · ")}</p>;
  return (
    <div className="row">
      <Button small isPending={asked} onPress={() => setAsked(true)}>
        {texts.showMember}
      </Button>
      <span className="soft small-text">{texts.memberLooked}</span>
    </div>
  );
}

function Payments({ order }: { order: OrderAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { provider } = useCommon();
  return (
    <>
      <Card title={texts.payments}>
        {order.payments.length === 0 ? (
          <p className="soft">{texts.paymentsNone}</p>
        ) : (
          <Table
            caption={texts.payments}
            rows={order.payments}
            keyOf={(each) => each.payment_id}
            columns={[
              {
                id: "id",
                title: texts.paymentId,
                head: true,
                cell: (each) => <Id of={texts.paymentId}>{each.payment_id}</Id>,
              },
              { id: "provider", title: texts.provider, cell: (each) => provider[each.provider] },
              { id: "at", title: parts.at, cell: (each) => <Moment at={each.received_at} /> },
              {
                id: "applied",
                title: parts.state,
                cell: (each) => {
                  const back = (order.refunds ?? []).find(
                    (refund) =>
                      refund.reason === "payment_not_applied" && refund.payment_id === each.payment_id,
                  );
                  return (
                    <span className="row">
                      <Badge tone={each.applied ? "good" : "warn"}>
                        {each.applied ? texts.applied : texts.notApplied}
                      </Badge>
                      {back !== undefined && <RefundBadge state={back.state} />}
                    </span>
                  );
                },
              },
              {
                id: "amount",
                title: parts.amount,
                end: true,
                cell: (each) => <Money fen={each.amount_fen} />,
              },
            ]}
          />
        )}
      </Card>
      <Card title={texts.refunds}>
        {(order.refunds ?? []).length === 0 ? (
          <p className="soft">{texts.refundsNone}</p>
        ) : (
          <Table
            caption={texts.refunds}
            rows={order.refunds ?? []}
            keyOf={(each) => each.refund_id}
            columns={[
              {
                id: "id",
                title: texts.refunds,
                head: true,
                cell: (each) => <Id of={texts.refunds}>{each.refund_id}</Id>,
              },
              { id: "why", title: texts.why, cell: (each) => texts.whys[each.reason] },
              { id: "state", title: parts.state, cell: (each) => <RefundBadge state={each.state} /> },
              { id: "at", title: parts.at, cell: (each) => <Moment at={each.at} /> },
              {
                id: "amount",
                title: parts.amount,
                end: true,
                cell: (each) => <Money fen={each.amount_fen} />,
              },
            ]}
          />
        )}
      </Card>
    </>
  );
}

function History({ orderId }: { orderId: string }) {
  const texts = useTexts();
  const history = useApi().useInfiniteQuery(
    "get",
    "/orders/{order_id}/history",
    { params: { path: { order_id: orderId } } },
    PAGED,
  );
  return (
    <Card title={texts.history}>
      <Pages query={history} empty={<Empty title={texts.historyNone} />}>
        {(items) => (
          <ol className="timeline">
            {items.map((each) => (
              <Happened
                key={`${each.at}-${each.what}-${each.cancel_id ?? each.return_id ?? ""}`}
                happened={each}
              />
            ))}
          </ol>
        )}
      </Pages>
    </Card>
  );
}

function Happened({ happened }: { happened: HistoryAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { what } = useCommon();
  const { yuan, number } = useWords();
  const { shipment, former } = happened;
  const parcel = (told: typeof shipment) =>
    told === null ? "—" : [told.carrier, told.tracking_no].filter(Boolean).join(" ") || "—";
  return (
    <li className="stack tight">
      <div className="row apart">
        <strong>{what[happened.what]}</strong>
        <span className="soft small-text">
          <Moment at={happened.at} />
        </span>
      </div>
      {happened.lines.length > 0 && (
        <p className="small-text">
          {happened.lines.map((line, index) => (
            <span key={line.line_id}>
              {index > 0 && " · "}
              <ProductName sku={line.sku} /> × {number(line.quantity)}
            </span>
          ))}
        </p>
      )}
      {(happened.refund_fen !== null || happened.points_restored !== null) && (
        <p className="small-text">
          {happened.refund_fen !== null && `${parts.refund} ${yuan(happened.refund_fen)}`}
          {happened.points_restored !== null &&
            happened.points_restored > 0 &&
            ` · ${parts.pointsBack} ${number(happened.points_restored)}`}
        </p>
      )}
      {shipment !== null && (
        <p className="small-text">
          {former === null ? parcel(shipment) : `${parcel(former)} → ${parcel(shipment)}`}
        </p>
      )}
      {(["cancel_id", "return_id"] as const).map((name) => {
        const id = happened[name];
        return id == null ? null : (
          <p key={name} className="small-text">
            {texts.by[name]} <span className="code">{id}</span>
          </p>
        );
      })}
      {happened.case_id != null && (
        <p className="small-text">
          {texts.by.case_id} <CaseRef id={happened.case_id} />
        </p>
      )}
    </li>
  );
}
