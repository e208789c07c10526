import type { CaseAnswer, OrderAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Moment, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Answered } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { useParams } from "react-router";
import { CaseBadge, OrderBadge } from "../../parts/badges";
import { isNoSuch, NoSuch } from "../../parts/no-such";
import { MemberRef, OrderRef, ProductName, ProductRef } from "../../parts/refs";
import { useParts } from "../../parts/texts";
import { type Right, useCan } from "../../rights";
import { type Act, actsOf } from "./acts";
import { useTexts } from "./texts";
import { Answer, Approve, PaysBack, Receive, Refuse, Settle } from "./writes";

export default function CasePage() {
  const { caseId = "" } = useParams();
  const texts = useTexts();
  const found = useApi().useQuery("get", "/cases/{case_id}", { params: { path: { case_id: caseId } } });
  return (
    <div className="stack">
      {found.data === undefined && <PageHead title={texts.case} under={<Id of={texts.case}>{caseId}</Id>} />}
      {isNoSuch(found.error) ? (
        <NoSuch code="case_not_found" to="/cases" />
      ) : (
        <Answered query={found} tall>
          {(each) => <Shown of={each} />}
        </Answered>
      )}
    </div>
  );
}

function Shown({ of }: { of: CaseAnswer }) {
  const texts = useTexts();
  const { caseKind } = useCommon();
  const order = useApi().useQuery("get", "/orders/{order_id}", {
    params: { path: { order_id: of.order_id } },
  });
  return (
    <>
      <PageHead title={`${texts.case} · ${caseKind[of.kind]}`} under={<Id of={texts.case}>{of.case_id}</Id>}>
        {order.data !== undefined && <Actions of={of} order={order.data} />}
      </PageHead>
      <div className="beside">
        <div className="stack">
          <Card title={texts.words}>
            {of.text === null ? <p className="soft">{texts.wordless}</p> : <p className="words">{of.text}</p>}
          </Card>
          <Lines of={of} />
          <Answered query={order} tall>
            {(each) => <OfOrder order={each} of={of} />}
          </Answered>
        </div>
        <div className="stack">
          <About of={of} />
          <History of={of} />
        </div>
      </div>
    </>
  );
}

const RIGHTS: Record<Act, Right> = {
  approve: "approve_case",
  refuse: "refuse_case",
  receive: "receive_case",
  answer: "answer_case",
  settle: "settle_case",
};
const DIALOGS = { approve: Approve, refuse: Refuse, receive: Receive, answer: Answer, settle: Settle };

function Actions({ of, order }: { of: CaseAnswer; order: OrderAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const [open, setOpen] = useState<Act | null>(null);
  const Open = open === null ? null : DIALOGS[open];
  return (
    <>
      {actsOf(of)
        .filter((act) => can(RIGHTS[act]))
        .map((act, index) => (
          <Button key={act} look={index === 0 ? "primary" : "plain"} onPress={() => setOpen(act)}>
            {texts[act]}
          </Button>
        ))}
      {Open !== null && <Open of={of} order={order} onClose={() => setOpen(null)} />}
    </>
  );
}

function About({ of }: { of: CaseAnswer }) {
  const texts = useTexts();
  const { caseReason } = useCommon();
  const { number, yuan } = useWords();
  const by = [
    [texts.answerBy, of.answer_by],
    [texts.sendBackBy, of.send_back_by],
    [texts.escalateBy, of.escalate_by],
  ] as const;
  const parcel = of.parcel && [of.parcel.carrier, of.parcel.tracking_no].filter(Boolean).join(" ");
  return (
    <Card title={texts.about} aside={<CaseBadge state={of.state} />}>
      <Facts
        facts={[
          [texts.reason, of.reason === null ? "—" : caseReason[of.reason]],
          [texts.opened, <Moment key="o" at={of.opened_at} />],
          ...by.map(([name, at]) =>
            at === null
              ? null
              : ([
                  name,
                  <span key={name} className="row">
                    <Moment at={at} />
                    {of.overdue && name === texts.answerBy && <Badge tone="bad">{texts.overdue}</Badge>}
                  </span>,
                ] as const),
          ),
          parcel ? [texts.parcel, parcel] : null,
          [texts.refunded, yuan(of.refund_fen)],
          of.return_shipping_fen === null ? null : [texts.freight, yuan(of.return_shipping_fen)],
          of.settlement === null
            ? null
            : [
                texts.settlement,
                of.settlement.points === null ? (
                  <span key="c" className="code">
                    {of.settlement.coupon_id}
                  </span>
                ) : (
                  texts.settledPoints(number(of.settlement.points))
                ),
              ],
        ]}
      />
    </Card>
  );
}

function Lines({ of }: { of: CaseAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  return (
    <Card title={texts.lines}>
      {of.lines.length === 0 ? (
        <p>{texts.wholeOrder}</p>
      ) : (
        <Table
          caption={texts.lines}
          rows={of.lines}
          keyOf={(line) => line.line_id}
          columns={[
            { id: "sku", title: parts.product, head: true, cell: (line) => <ProductRef sku={line.sku} /> },
            {
              id: "for",
              title: parts.change,
              cell: (line) =>
                line.for == null ? (
                  "—"
                ) : (
                  <>
                    {texts.exchangedFor} <ProductName sku={line.for} />
                  </>
                ),
            },
            { id: "quantity", title: parts.quantity, end: true, cell: (line) => number(line.quantity) },
          ]}
        />
      )}
    </Card>
  );
}

function OfOrder({ order, of }: { order: OrderAnswer; of: CaseAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { yuan } = useWords();
  return (
    <Card title={texts.order} aside={<OrderBadge status={order.status} />}>
      <Facts
        facts={[
          [texts.order, <OrderRef key="o" id={order.order_id} />],
          [parts.member, <MemberRef key="m" id={order.member_id} />],
          [parts.amount, yuan(order.paid_fen)],
          actsOf(of).length === 0 || of.kind === "complaint"
            ? null
            : [texts.wouldPay, <PaysBack key="b" of={of} order={order} />],
        ]}
      />
    </Card>
  );
}

function History({ of }: { of: CaseAnswer }) {
  const texts = useTexts();
  const { actor, caseState } = useCommon();
  return (
    <Card title={texts.history}>
      <ol className="timeline">
        {[...of.history].reverse().map((step) => (
          <li key={`${step.at}-${step.state}-${step.reason ?? ""}`} className="stack tight">
            <div className="row apart">
              <strong>{caseState[step.state]}</strong>
              <span className="soft small-text">
                <Moment at={step.at} />
              </span>
            </div>
            <p className="small-text soft">{actor[step.by]}</p>
            {step.reason !== null && <p className="words small-text">{step.reason}</p>}
          </li>
        ))}
      </ol>
    </Card>
  );
}
