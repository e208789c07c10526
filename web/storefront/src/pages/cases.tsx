import type { CaseAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Facts, Id, Moment, Money, Notice, PageHead, type Tone } from "@shared/ui/bits";
import { Button, LinkButton } from "@shared/ui/button";
import { TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered, Empty } from "@shared/ui/states";
import { Write } from "@shared/ui/write";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useTexts } from "../messages/texts";
import { ProductName } from "../parts/quote";

const REASON_MAX = 1_000;

/** What the member has asked for, and whose turn it is until when. */
export default function Cases() {
  const { cases: texts, pages } = useTexts();
  const cases = useApi().useInfiniteQuery("get", "/members/me/cases", {}, PAGED);
  const none = (
    <Empty title={texts.none} action={<LinkButton to="/orders">{pages.orders}</LinkButton>}>
      {texts.noneHere}
    </Empty>
  );
  return (
    <div className="stack">
      <PageHead title={pages.cases} />
      <Pages query={cases} empty={none}>
        {(items) => (
          <ul className="stack">
            {items.map((each) => (
              <Case key={each.case_id} of={each} />
            ))}
          </ul>
        )}
      </Pages>
    </div>
  );
}

/** One of them, by its number. */
export function OneCase() {
  const { caseId = "" } = useParams();
  const { pages, cases: texts } = useTexts();
  const found = useApi().useQuery("get", "/cases/{case_id}", { params: { path: { case_id: caseId } } });
  return (
    <div className="stack">
      <PageHead title={pages.cases}>
        <LinkButton small to="/cases">
          {texts.all}
        </LinkButton>
      </PageHead>
      <Answered query={found} tall>
        {(of) => (
          <ul className="stack">
            <Case of={of} />
          </ul>
        )}
      </Answered>
    </div>
  );
}

export function caseTone(of: Pick<CaseAnswer, "overdue" | "state">): Tone {
  if (of.overdue || of.state === "refused") return "bad";
  return of.state === "closed" ? "good" : "accent";
}

function Case({ of }: { of: CaseAnswer }) {
  const { cases: texts, order } = useTexts();
  const ids = order.ask;
  const { caseKind, caseState, caseReason, actor } = useCommon();
  const { number } = useWords();
  const turn = useTurn(of);
  const said = [...of.history].reverse().find((step) => step.by === "staff" && step.reason !== null)?.reason;
  const settled =
    of.settlement === null
      ? null
      : of.settlement.points === null
        ? texts.couponOf
        : texts.pointsOf(number(of.settlement.points));
  return (
    <li className="card">
      <div className="row apart">
        <h2>
          {caseKind[of.kind]}
          {of.reason !== null && <span className="soft small-text"> {caseReason[of.reason]}</span>}
        </h2>
        <Badge tone={caseTone(of)}>{caseState[of.state]}</Badge>
      </div>
      {turn !== null && <p>{turn}</p>}
      {said != null && (
        <Notice head={texts.said}>
          <p className="words">{said}</p>
        </Notice>
      )}
      {of.state === "approved" && goesBack(of) && (
        <p className="soft small-text">
          {texts.returnTo} {of.reason === "no_reason" || of.reason === null ? texts.youPay : texts.shopPays}
        </p>
      )}
      {of.lines.length > 0 && (
        <p>
          {of.lines.map((line) => (
            <span key={line.line_id}>
              <ProductName sku={line.sku} /> × {line.quantity}{" "}
            </span>
          ))}
        </p>
      )}
      <Facts
        facts={[
          [
            texts.of,
            <Link key="order" to={`/orders/${of.order_id}`} className="code">
              {of.order_id}
            </Link>,
          ],
          [
            ids.caseId,
            <Id key="case" of={ids.caseId}>
              {of.case_id}
            </Id>,
          ],
          of.text === null
            ? null
            : [
                texts.text,
                <span key="text" className="words">
                  {of.text}
                </span>,
              ],
          of.refund_fen === 0 ? null : [texts.refund, <Money key="refund" fen={of.refund_fen} />],
          !of.return_shipping_fen
            ? null
            : [texts.freight, <Money key="freight" fen={of.return_shipping_fen} />],
          settled === null ? null : [texts.settled(settled), ""],
        ]}
      />
      <details>
        <summary>{texts.history}</summary>
        <ol className="timeline">
          {[...of.history].reverse().map((step) => (
            <li key={`${step.at} ${step.state}`}>
              <strong>{caseState[step.state]}</strong>{" "}
              <span className="soft small-text">
                {actor[step.by]} <Moment at={step.at} />
              </span>
              {step.reason !== null && <p className="words small-text">{step.reason}</p>}
            </li>
          ))}
        </ol>
      </details>
      <Steps of={of} />
    </li>
  );
}

/** Whose turn it is, and until when. */
function useTurn(of: CaseAnswer): string | null {
  const { turn } = useTexts().cases;
  const { moment } = useWords();
  if (of.overdue) return turn.overdue;
  if (of.state === "approved" && of.send_back_by !== null) return turn.approved(moment(of.send_back_by));
  if (of.state === "refused")
    return of.escalate_by === null ? turn.refusedFinal : turn.refused(moment(of.escalate_by));
  if (
    (of.state === "requested" || of.state === "disputed" || of.state === "shipped_back") &&
    of.answer_by !== null
  )
    return turn[of.state](moment(of.answer_by));
  return null;
}

function goesBack(of: Pick<CaseAnswer, "kind">): boolean {
  return of.kind === "return" || of.kind === "exchange";
}

/** What the member can do with it as it stands. */
function Steps({ of }: { of: CaseAnswer }) {
  const { cases: texts } = useTexts();
  const [open, setOpen] = useState<"sendBack" | "withdraw" | "escalate" | null>(null);
  const can = {
    sendBack: goesBack(of) && (of.state === "approved" || of.state === "shipped_back"),
    withdraw: of.state === "requested" || of.state === "approved" || of.state === "disputed",
    escalate: of.state === "refused" && of.escalate_by !== null,
  };
  const close = () => setOpen(null);
  return (
    <div className="row end">
      {can.withdraw && (
        <Button small onPress={() => setOpen("withdraw")}>
          {texts.withdraw.action}
        </Button>
      )}
      {can.escalate && (
        <Button small onPress={() => setOpen("escalate")}>
          {texts.escalate.action}
        </Button>
      )}
      {can.sendBack && (
        <Button
          small
          look={of.state === "approved" ? "primary" : "plain"}
          onPress={() => setOpen("sendBack")}
        >
          {texts.sendBack.action}
        </Button>
      )}
      {open === "sendBack" && <SendBack of={of} onClose={close} />}
      {open === "withdraw" && <Withdraw of={of} onClose={close} />}
      {open === "escalate" && <Escalate of={of} onClose={close} />}
    </div>
  );
}

interface StepProps {
  of: CaseAnswer;
  onClose: () => void;
}

function SendBack({ of, onClose }: StepProps) {
  const { sendBack: texts } = useTexts().cases;
  const cache = useQueryClient();
  const send = useApi().useMutation("post", "/cases/{case_id}/shipment");
  const [carrier, setCarrier] = useState(of.parcel?.carrier ?? "");
  const [number, setNumber] = useState(of.parcel?.tracking_no ?? "");
  return (
    <Write
      title={texts.action}
      action={texts.confirm}
      before={
        <>
          <p>{texts.before}</p>
          <TextField label={texts.carrier} value={carrier} onChange={setCarrier} />
          <TextField label={texts.number} value={number} onChange={setNumber} />
        </>
      }
      write={async () => {
        const body = {
          ...(carrier.trim() !== "" && { carrier }),
          ...(number.trim() !== "" && { tracking_no: number }),
        };
        await send.mutateAsync({ params: { path: { case_id: of.case_id } }, body });
        await cache.invalidateQueries();
      }}
      after={() => <p>{texts.after}</p>}
      onClose={onClose}
    />
  );
}

function Withdraw({ of, onClose }: StepProps) {
  const { withdraw: texts } = useTexts().cases;
  const cache = useQueryClient();
  const withdraw = useApi().useMutation("post", "/cases/{case_id}/withdraw");
  return (
    <Write
      title={texts.action}
      action={texts.confirm}
      danger
      before={<p>{texts.before}</p>}
      write={async () => {
        await withdraw.mutateAsync({ params: { path: { case_id: of.case_id } } });
        await cache.invalidateQueries();
      }}
      after={() => <p>{texts.after}</p>}
      onClose={onClose}
    />
  );
}

function Escalate({ of, onClose }: StepProps) {
  const { escalate: texts } = useTexts().cases;
  const cache = useQueryClient();
  const escalate = useApi().useMutation("post", "/cases/{case_id}/escalate");
  const [reason, setReason] = useState("");
  return (
    <Write
      title={texts.action}
      action={texts.confirm}
      before={
        <>
          <p>{texts.before}</p>
          <TextField
            label={texts.reason}
            value={reason}
            onChange={setReason}
            lines={3}
            maxLength={REASON_MAX}
          />
        </>
      }
      write={async () => {
        const body = reason.trim() === "" ? {} : { reason };
        await escalate.mutateAsync({ params: { path: { case_id: of.case_id } }, body });
        await cache.invalidateQueries();
      }}
      after={() => <p>{texts.after}</p>}
      onClose={onClose}
    />
  );
}
