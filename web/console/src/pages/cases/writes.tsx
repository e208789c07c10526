/** What staff do with a case: each says what it will do, and then what it did (K1, A2-A9). */
import type { CaseAnswer, OrderAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { fenOf } from "@shared/money";
import { useApi } from "@shared/session/context";
import { Facts, Id, Money } from "@shared/ui/bits";
import { Segments, TextField } from "@shared/ui/fields";
import { type ReactNode, useState } from "react";
import { Act, Will } from "../../parts/act";
import { Back, BackInLine, useBack } from "../../parts/back";
import { CaseBadge } from "../../parts/badges";
import { staying, type Units } from "../../parts/kept";
import { Reason } from "../../parts/reason";
import { useParts } from "../../parts/texts";
import { linesOf, UnitsPicker } from "../../parts/units";
import { wholeOf } from "../../parts/whole-number";
import { useTexts } from "./texts";

interface Props {
  readonly of: CaseAnswer;
  readonly order: OrderAnswer;
  readonly onClose: () => void;
}

const TEXT_MAX = 1000;
const POINTS_MAX = 1_000_000;

function pathOf(of: CaseAnswer) {
  return { params: { path: { case_id: of.case_id } } };
}

function Became({ of, said, more = [] }: { of: CaseAnswer; said: string; more?: [string, ReactNode][] }) {
  const texts = useTexts();
  return (
    <>
      <p>{said}</p>
      <Facts
        facts={[
          [
            texts.case,
            <Id key="c" of={texts.case}>
              {of.case_id}
            </Id>,
          ],
          [texts.newState, <CaseBadge key="s" state={of.state} />],
          ...more,
        ]}
      />
    </>
  );
}

/** The units that a case is about; without lines it is about all of the order that stays. */
function unitsOf({ of, order }: Pick<Props, "of" | "order">): Units {
  return Object.fromEntries(
    of.lines.length > 0
      ? of.lines.map((line) => [line.line_id, line.quantity])
      : order.lines.map((line) => [line.line_id, staying(line)]),
  );
}

/** What approving pays back in the end, to the fen. */
export function PaysBack({ of, order }: Pick<Props, "of" | "order">) {
  const texts = useTexts();
  if (of.kind === "exchange" || of.kind === "complaint") return <span>{texts.nothingPaid}</span>;
  return <BackInLine order={order} leaving={unitsOf({ of, order })} />;
}

/** A case that moves money, and one that moves none, ask and show the same way. */
const NOTHING: Units = {};

function movesMoney(of: CaseAnswer): boolean {
  return of.kind === "return" || of.kind === "refund_only";
}

export function Approve({ of, order, onClose }: Props) {
  const texts = useTexts();
  const back = useBack(order, movesMoney(of) ? unitsOf({ of, order }) : NOTHING);
  const approve = useApi().useMutation("post", "/cases/{case_id}/approve");
  return (
    <Act
      title={texts.approve}
      action={texts.approve}
      onClose={onClose}
      before={
        <Will tone={of.kind === "refund_only" ? "warn" : "plain"}>
          <p>{texts.approveWill[of.kind]}</p>
          {of.state === "disputed" && <p>{texts.otherDecides}</p>}
          {movesMoney(of) ? <Back of={back} /> : <p>{texts.nothingPaid}</p>}
        </Will>
      }
      write={() => approve.mutateAsync(pathOf(of))}
      after={(answer) => (
        <Became
          of={answer}
          said={texts.approveDid}
          more={
            of.kind === "refund_only"
              ? [[texts.refunded, <Yuan key="r" of={answer} />]]
              : of.kind === "return"
                ? [[texts.willPay, <PaysBack key="b" of={of} order={order} />]]
                : []
          }
        />
      )}
    />
  );
}

function Yuan({ of }: { of: CaseAnswer }) {
  const { yuan } = useWords();
  return <>{yuan(of.refund_fen)}</>;
}

export function Refuse({ of, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const [reason, setReason] = useState("");
  const refuse = useApi().useMutation("post", "/cases/{case_id}/refuse");
  return (
    <Act
      title={texts.refuse}
      action={texts.refuse}
      danger
      ready={reason.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <Reason value={reason} onChange={setReason} note={parts.reasonSeen} max={TEXT_MAX} />
          <Will tone="warn">
            <p>{of.state === "disputed" ? texts.refuseFinal : texts.refuseWill}</p>
          </Will>
        </>
      }
      write={() => refuse.mutateAsync({ ...pathOf(of), body: { reason: reason.trim() } })}
      after={(answer) => <Became of={answer} said={texts.refuseDid} />}
    />
  );
}

export function Receive({ of, order, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const [part, setPart] = useState<"all" | "other">("all");
  const [units, setUnits] = useState<Units>(() => unitsOf({ of, order }));
  const [reason, setReason] = useState("");
  const [freight, setFreight] = useState("");
  const back = useBack(order, movesMoney(of) ? (part === "other" ? units : unitsOf({ of, order })) : NOTHING);
  const receive = useApi().useMutation("post", "/cases/{case_id}/receive");
  const other = part === "other";
  const fen = freight.trim() === "" ? null : fenOf(freight);
  const wrong = freight.trim() !== "" && (fen === null || fen < 0);
  const body = {
    ...(other && { lines: linesOf(units), reason: reason.trim() }),
    ...(fen !== null && { return_shipping_fen: fen }),
  };
  return (
    <Act
      title={texts.receive}
      action={texts.receive}
      ready={!wrong && (!other || (linesOf(units).length > 0 && reason.trim() !== ""))}
      onClose={onClose}
      before={
        <>
          <Segments
            label={texts.received}
            options={[
              { id: "all", label: texts.receivedAll },
              { id: "other", label: texts.receivedOther },
            ]}
            value={part}
            onChange={setPart}
          />
          {other && (
            <>
              <UnitsPicker order={order} units={units} onChange={setUnits} />
              <Reason
                label={texts.otherReason}
                value={reason}
                onChange={setReason}
                note={parts.reasonSeen}
                max={TEXT_MAX}
              />
            </>
          )}
          <TextField
            label={texts.freightYuan}
            note={texts.freightNote}
            inputMode="decimal"
            value={freight}
            onChange={setFreight}
            wrong={wrong ? texts.amountWrong : null}
          />
          <Will tone="warn">
            <p>{of.kind === "exchange" ? texts.receiveExchange : texts.receiveWill}</p>
            {movesMoney(of) && <Back of={back} />}
            {movesMoney(of) && <p className="small-text">{texts.freightBesides}</p>}
          </Will>
        </>
      }
      write={() => receive.mutateAsync({ ...pathOf(of), body })}
      after={(answer) => (
        <Became
          of={answer}
          said={texts.receiveDid}
          more={[
            [texts.refunded, <Yuan key="r" of={answer} />],
            ...(answer.return_shipping_fen === null
              ? []
              : [[texts.freight, <Money key="f" fen={answer.return_shipping_fen} />] as [string, ReactNode]]),
          ]}
        />
      )}
    />
  );
}

export function Answer({ of, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const [text, setText] = useState("");
  const answer = useApi().useMutation("post", "/cases/{case_id}/answer");
  return (
    <Act
      title={texts.answer}
      action={texts.answer}
      ready={text.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <Reason
            label={texts.answerText}
            value={text}
            onChange={setText}
            note={parts.reasonSeen}
            max={TEXT_MAX}
          />
          <Will>
            <p>{texts.answerWill}</p>
          </Will>
        </>
      }
      write={() => answer.mutateAsync({ ...pathOf(of), body: { text: text.trim() } })}
      after={(answered) => <Became of={answered} said={texts.answerDid} />}
    />
  );
}

export function Settle({ of, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const [by, setBy] = useState<"points" | "coupon">("points");
  const [typed, setTyped] = useState("");
  const [template, setTemplate] = useState("");
  const [reason, setReason] = useState("");
  const settle = useApi().useMutation("post", "/cases/{case_id}/settle");
  const points = wholeOf(typed, 1, POINTS_MAX);
  const known = by === "points" ? points !== null : template.trim() !== "";
  return (
    <Act
      title={texts.settle}
      action={texts.settle}
      ready={known && reason.trim() !== ""}
      refused={(problem) =>
        problem.code === "settlement_too_large" && typeof problem.more.points_max === "number" ? (
          <p>{texts.pointsMax(number(problem.more.points_max))}</p>
        ) : null
      }
      onClose={onClose}
      before={
        <>
          <Segments
            label={texts.settleBy}
            options={[
              { id: "points", label: texts.byPoints },
              { id: "coupon", label: texts.byCoupon },
            ]}
            value={by}
            onChange={setBy}
          />
          {by === "points" ? (
            <TextField
              label={texts.points}
              note={texts.pointsNote}
              inputMode="numeric"
              value={typed}
              onChange={setTyped}
              required
              wrong={typed !== "" && points === null ? texts.pointsWrong : null}
            />
          ) : (
            <TextField
              label={texts.template}
              note={texts.templateNote}
              value={template}
              onChange={setTemplate}
              required
              maxLength={64}
            />
          )}
          <Reason value={reason} onChange={setReason} note={parts.reasonSeen} max={TEXT_MAX} />
          <Will tone="warn">
            <p>{texts.settleWill}</p>
          </Will>
        </>
      }
      write={() =>
        settle.mutateAsync({
          ...pathOf(of),
          body: {
            reason: reason.trim(),
            ...(by === "points" ? { points } : { template_id: template.trim() }),
          },
        })
      }
      after={(answer) => (
        <Became
          of={answer}
          said={texts.settleDid}
          more={[
            [
              texts.settlement,
              answer.settlement?.points == null ? (
                <Id key="s" of={texts.settlement}>
                  {answer.settlement?.coupon_id ?? "—"}
                </Id>
              ) : (
                texts.settledPoints(number(answer.settlement.points))
              ),
            ],
          ]}
        />
      )}
    />
  );
}
