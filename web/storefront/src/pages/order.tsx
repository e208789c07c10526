/** An order's life: what it waits for, what it cost and why, where its parcel is, what went back. */
import type { CaseAnswer, HistoryAnswer, OrderAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Moment, Money, Notice, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useTexts } from "../messages/texts";
import { AskDialog, CancelDialog, kindsOf, ReceiptDialog } from "../parts/asking";
import { Pay } from "../parts/pay";
import { ProductName, Sums } from "../parts/quote";
import { useWhy } from "../shop";
import { caseTone } from "./cases";
import { STATUS_TONES } from "./orders";

/** Of the member's cases those of an order are looked for among so many, newest first: an order has ten open at most. */
const CASES_MAX = 100;
/** So often is an order read that waits for its money, or whose points are being posted. */
const LOOK_MILLISECONDS = 3_000;

export default function OrderPage() {
  const { orderId = "" } = useParams();
  const { order: texts } = useTexts();
  const order = useApi().useQuery(
    "get",
    "/orders/{order_id}",
    { params: { path: { order_id: orderId } } },
    {
      refetchInterval: ({ state }) => (state.data?.status === "placed" ? LOOK_MILLISECONDS : false),
    },
  );
  return (
    <Answered query={order} tall page={texts.title}>
      {(found) => <Found order={found} />}
    </Answered>
  );
}

function Found({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  const { status } = useCommon();
  return (
    <div className="stack">
      <PageHead title={texts.title} under={<Id of={texts.id}>{order.order_id}</Id>}>
        <Badge tone={STATUS_TONES[order.status]}>{status[order.status]}</Badge>
      </PageHead>
      <Standing order={order} />
      <div className="order-page">
        <div className="stack">
          <Lines order={order} />
          <Card title={texts.amounts}>
            <Sums quote={order.quote} sumName={sumName(order, texts)} />
            {order.refunded_fen > 0 && (
              <Facts sums facts={[[texts.refunded, <Money key="fen" fen={order.refunded_fen} />]]} />
            )}
          </Card>
          <History orderId={order.order_id} status={order.status} />
        </div>
        <div className="stack aside">
          {order.status === "placed" && order.paid_fen > 0 && <Pay order={order} />}
          <Actions order={order} />
          <CasesOf orderId={order.order_id} />
          <Parcel order={order} />
          <Payments order={order} />
        </div>
      </div>
    </div>
  );
}

/** What the sum of an order is called: what was paid, what is to be, or what would have been. */
function sumName(order: OrderAnswer, texts: ReturnType<typeof useTexts>["order"]): string {
  if (order.paid_at !== null) return texts.sum.paid;
  return order.status === "placed" ? texts.sum.due : texts.sum.never;
}

/** What is so at this moment, in a sentence. */
function Standing({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  const { yuan } = useWords();
  const astray = order.payments.filter((each) => !each.applied);
  if (astray.length > 0)
    return (
      <Notice tone="warn" head={texts.astray}>
        {astray.map((each) => (
          <p key={each.payment_id}>{texts.astrayHere(yuan(each.amount_fen))}</p>
        ))}
      </Notice>
    );
  if (order.lost === true) return <Notice tone="warn" head={texts.lost} />;
  if (order.late_at != null) return <Notice tone="warn" head={texts.late} />;
  const said = {
    placed: null,
    paid: order.paid_fen === 0 ? texts.pay.zero : texts.paidNow,
    shipped: texts.shippedNow,
    received: texts.receivedNow,
    returned: null,
    cancelled: null,
    lapsed: null,
    refused: null,
  }[order.status];
  return said === null ? null : <Notice head={said} />;
}

function Lines({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  const why = useWhy();
  return (
    <Card title={texts.lines}>
      <Table
        caption={texts.lines}
        rows={order.lines}
        keyOf={(line) => line.line_id}
        columns={[
          {
            id: "product",
            title: texts.product,
            head: true,
            cell: (line) => (
              <>
                <ProductName sku={line.sku} />{" "}
                {line.gift_of !== null && <Badge tone="gold">{texts.gift}</Badge>}
              </>
            ),
          },
          {
            id: "price",
            title: texts.price,
            end: true,
            cell: (line) => (
              <>
                <Money fen={line.unit_price_fen} />
                {line.price_of !== null && line.price_of !== "list" && (
                  <span className="soft small-text"> {why(line.price_of)}</span>
                )}
              </>
            ),
          },
          { id: "quantity", title: texts.quantity, end: true, cell: (line) => line.quantity },
          { id: "left", title: texts.left, cell: (line) => <WentBack line={line} /> },
        ]}
      />
    </Card>
  );
}

function WentBack({ line }: { line: OrderAnswer["lines"][number] }) {
  const { order: texts } = useTexts();
  const said = [
    line.cancelled_quantity > 0 && texts.cancelled(line.cancelled_quantity),
    line.returned_quantity > 0 && texts.returned(line.returned_quantity),
    (line.in_cases ?? 0) > 0 && texts.inCases(line.in_cases ?? 0),
    (line.lost_quantity ?? 0) > 0 && texts.lostUnits(line.lost_quantity ?? 0),
  ].filter((each) => each !== false);
  const held = Object.entries(line.held ?? {});
  if (said.length + held.length === 0) return "—";
  return (
    <>
      {said.join(" · ")}
      {held.map(([sku, count]) => (
        <span key={sku}> {texts.held(sku, count)}</span>
      ))}
    </>
  );
}

function Actions({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  const [open, setOpen] = useState<"cancel" | "receipt" | "ask" | null>(null);
  const canCancel = order.status === "placed" || order.status === "paid";
  const canAsk = kindsOf(order).length > 0;
  if (!canCancel && !canAsk && order.status !== "shipped") return null;
  const close = () => setOpen(null);
  return (
    <div className="row">
      {order.status === "shipped" && (
        <Button look="primary" onPress={() => setOpen("receipt")}>
          {texts.receipt.action}
        </Button>
      )}
      {canAsk && <Button onPress={() => setOpen("ask")}>{texts.ask.action}</Button>}
      {canCancel && (
        <Button look="danger" onPress={() => setOpen("cancel")}>
          {texts.cancel.action}
        </Button>
      )}
      {open === "cancel" && <CancelDialog order={order} onClose={close} />}
      {open === "receipt" && <ReceiptDialog order={order} onClose={close} />}
      {open === "ask" && <AskDialog order={order} onClose={close} />}
    </div>
  );
}

/** What the member has asked for about this order, each with its number and how it stands. */
function CasesOf({ orderId }: { orderId: string }) {
  const { pages } = useTexts();
  const cases = useApi().useQuery("get", "/members/me/cases", { params: { query: { limit: CASES_MAX } } });
  const own = (cases.data?.items ?? []).filter((each) => each.order_id === orderId);
  if (own.length === 0) return null;
  return (
    <Card title={pages.cases}>
      <ul className="stack tight">
        {own.map((each) => (
          <CaseLine key={each.case_id} of={each} />
        ))}
      </ul>
    </Card>
  );
}

function CaseLine({ of }: { of: CaseAnswer }) {
  const { caseKind, caseState } = useCommon();
  return (
    <li className="stack tight">
      <span className="row apart">
        <Link to={`/cases/${of.case_id}`}>{caseKind[of.kind]}</Link>
        <Badge tone={caseTone(of)}>{caseState[of.state]}</Badge>
      </span>
      <span className="code small-text soft">{of.case_id}</span>
    </li>
  );
}

function Parcel({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  if (order.shipped_at === null) return null;
  return (
    <Card title={texts.parcel}>
      <Facts
        facts={[
          [texts.carrier, order.carrier ?? "—"],
          [
            texts.number,
            order.tracking_no === null ? (
              "—"
            ) : (
              <Id key="no" of={texts.number}>
                {order.tracking_no}
              </Id>
            ),
          ],
        ]}
      />
    </Card>
  );
}

function Payments({ order }: { order: OrderAnswer }) {
  const { order: texts } = useTexts();
  const { provider, refundState } = useCommon();
  const refunds = order.refunds ?? [];
  if (order.payments.length + refunds.length === 0) return null;
  return (
    <>
      {order.payments.length > 0 && (
        <Card title={texts.payment}>
          <ul className="stack tight">
            {order.payments.map((each) => (
              <li key={each.payment_id} className="row apart">
                <span>
                  {provider[each.provider]}{" "}
                  <span className="soft small-text">
                    <Moment at={each.received_at} />
                  </span>
                </span>
                <span>
                  {!each.applied && <Badge tone="warn">{texts.goesBack}</Badge>}{" "}
                  <Money fen={each.amount_fen} />
                </span>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {refunds.length > 0 && (
        <Card title={texts.refunds}>
          <ul className="stack tight">
            {refunds.map((each) => (
              <li key={each.refund_id} className="row apart">
                <span>
                  <Badge
                    tone={each.state === "failed" ? "bad" : each.state === "succeeded" ? "good" : "plain"}
                  >
                    {refundState[each.state]}
                  </Badge>{" "}
                  <span className="soft small-text">
                    {provider[each.provider]} <Moment at={each.at} />
                  </span>
                </span>
                <Money fen={each.amount_fen} />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}

function History({ orderId, status }: { orderId: string; status: OrderAnswer["status"] }) {
  const { order: texts } = useTexts();
  const history = useApi().useInfiniteQuery(
    "get",
    "/orders/{order_id}/history",
    { params: { path: { order_id: orderId } } },
    { ...PAGED, refetchInterval: status === "placed" ? LOOK_MILLISECONDS : false },
  );
  return (
    <Card title={texts.history}>
      <Pages query={history} empty={null}>
        {(items) => (
          <ol className="timeline">
            {items.map((each) => (
              <Step
                key={`${each.at} ${each.what} ${each.return_id ?? each.cancel_id ?? each.case_id ?? ""}`}
                step={each}
              />
            ))}
          </ol>
        )}
      </Pages>
    </Card>
  );
}

function Step({ step }: { step: HistoryAnswer }) {
  const { order: texts } = useTexts();
  const { what } = useCommon();
  const { yuan } = useWords();
  return (
    <li>
      <strong>{what[step.what]}</strong>{" "}
      <span className="soft small-text">
        <Moment at={step.at} />
      </span>
      {step.lines.length > 0 && (
        <p className="small-text">
          {step.lines.map((line) => (
            <span key={line.line_id}>
              <ProductName sku={line.sku} /> × {line.quantity}{" "}
            </span>
          ))}
        </p>
      )}
      {step.shipment?.tracking_no != null && (
        <p className="small-text code">
          {step.shipment.carrier} {step.shipment.tracking_no}
        </p>
      )}
      {step.case_id != null && (
        <p className="small-text">
          <Link to={`/cases/${step.case_id}`}>{texts.byCase}</Link>
        </p>
      )}
      {step.refund_fen !== null && step.refund_fen > 0 && (
        <p className="small-text">
          {texts.refunds} {yuan(step.refund_fen)}
        </p>
      )}
      {step.points_restored !== null && step.points_restored > 0 && (
        <p className="small-text">{texts.points(step.points_restored)}</p>
      )}
    </li>
  );
}
