/** What a shopper does with an order after buying: cancel, confirm the receipt, ask for a case. */
import type { CaseKind, CaseReason, OrderAnswer, RefundPartAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Facts, Id, Money } from "@shared/ui/bits";
import { Choices, TextField } from "@shared/ui/fields";
import { Select } from "@shared/ui/select";
import { Stepper } from "@shared/ui/stepper";
import { Write } from "@shared/ui/write";
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { useTexts } from "../messages/texts";
import { useCampaignNames, useProductName } from "../shop";
import { ProductName } from "./quote";

const TEXT_MAX = 1_000;
const REASONS = [
  "no_reason",
  "defective",
  "damaged",
  "wrong_item",
  "not_as_described",
  "not_received",
  "late",
  "other",
] as const satisfies readonly CaseReason[];

/** A complaint is about something: it has a reason. */
export function reasonsOf(kind: CaseKind): readonly CaseReason[] {
  return kind === "complaint" ? REASONS.filter((each) => each !== "no_reason") : REASONS;
}

type Line = OrderAnswer["lines"][number];
type Counts = Readonly<Record<string, number>>;

/** The units of a line that the shopper has, and that no open case is about. */
export function unitsFree(line: Line): number {
  return line.quantity - line.cancelled_quantity - line.returned_quantity - (line.in_cases ?? 0);
}

/** What can be asked for of an order as it stands (A1). */
export function kindsOf(order: Pick<OrderAnswer, "status" | "paid_at">): readonly CaseKind[] {
  if (order.paid_at === null) return [];
  if (order.status === "received") return ["return", "exchange", "refund_only", "complaint"];
  return order.status === "paid" || order.status === "shipped" ? ["refund_only", "complaint"] : ["complaint"];
}

function chosen(counts: Counts): { line_id: string; quantity: number }[] {
  return Object.entries(counts)
    .filter(([, quantity]) => quantity > 0)
    .map(([line_id, quantity]) => ({ line_id, quantity }));
}

function Units({
  lines,
  counts,
  onChange,
}: {
  lines: readonly Line[];
  counts: Counts;
  onChange: (counts: Counts) => void;
}) {
  return (
    <div className="stack tight">
      {lines
        .filter((line) => unitsFree(line) > 0)
        .map((line) => (
          <LineUnits
            key={line.line_id}
            line={line}
            count={counts[line.line_id] ?? 0}
            onChange={(count) => onChange({ ...counts, [line.line_id]: count })}
          />
        ))}
    </div>
  );
}

function LineUnits({
  line,
  count,
  onChange,
}: {
  line: Line;
  count: number;
  onChange: (count: number) => void;
}) {
  const { ask: texts } = useTexts().order;
  const name = useProductName(line.sku);
  return (
    <div className="row apart">
      <span>{name}</span>
      <Stepper
        hideLabel
        label={texts.unitsOf(name)}
        value={count}
        min={0}
        max={unitsFree(line)}
        onChange={onChange}
      />
    </div>
  );
}

/** All units that the order has yet. */
function allOf(order: OrderAnswer): { line_id: string; quantity: number }[] {
  return chosen(
    Object.fromEntries(
      order.lines.map((line) => [
        line.line_id,
        line.quantity - line.cancelled_quantity - line.returned_quantity,
      ]),
    ),
  );
}

/** What would come back if these units left the order now, and what that is made of: as the API says (O5). */
function ComesBack({
  order,
  lines,
}: {
  order: OrderAnswer;
  lines: readonly { line_id: string; quantity: number }[];
}) {
  const { back: texts, points } = useTexts().order;
  const preview = useApi().useQuery(
    "post",
    "/orders/{order_id}/returns/preview",
    { params: { path: { order_id: order.order_id } }, body: { lines: [...lines] } },
    // On its way it can be asked about by nobody: it is refused, or comes back whole.
    { enabled: lines.length > 0 && order.status !== "shipped", placeholderData: keepPreviousData },
  );
  if (lines.length === 0 || preview.data === undefined) return null;
  const { refund_fen, points_restored, parts } = preview.data;
  return (
    <div role="status" className="stack tight">
      <Facts
        sums
        facts={[
          ...parts.map((part): [ReactNode, ReactNode] => [
            <Part key={`${part.of} ${part.line_id} ${part.campaign_id}`} part={part} />,
            <Money key="fen" fen={part.amount_fen} />,
          ]),
          [
            <strong key="name">{texts.refund}</strong>,
            <strong key="fen">
              <Money fen={refund_fen} />
            </strong>,
          ],
        ]}
      />
      {points_restored > 0 && <p className="soft small-text">{points(points_restored)}</p>}
      <p className="soft small-text">{texts.note}</p>
    </div>
  );
}

function Part({ part }: { part: RefundPartAnswer }) {
  const { back: texts } = useTexts().order;
  const nameOf = useCampaignNames();
  const product = part.sku === null ? null : <ProductName sku={part.sku} />;
  if (part.of === "goods")
    return (
      <>
        {product} × {part.quantity}
      </>
    );
  return (
    <>
      {texts.parts[part.of]}
      {part.of === "campaign" && part.campaign_id !== null && ` ${nameOf(part.campaign_id)}`}
      {part.of === "gift" && product !== null && <> {product}</>}
    </>
  );
}

export function CancelDialog({ order, onClose }: { order: OrderAnswer; onClose: () => void }) {
  const { cancel: texts, points } = useTexts().order;
  const cache = useQueryClient();
  const cancel = useApi().useMutation("post", "/orders/{order_id}/cancel");
  const [which, setWhich] = useState<"all" | "some">("all");
  const [counts, setCounts] = useState<Counts>({});
  const [cancelId] = useState(() => newId("cancel"));
  const path = { order_id: order.order_id };
  return (
    <Write
      title={texts.action}
      action={texts.confirm}
      danger
      ready={which === "all" || chosen(counts).length > 0}
      before={
        <>
          {order.status === "paid" && (
            <Choices
              row
              label={texts.action}
              options={[
                { id: "all", label: texts.all },
                { id: "some", label: texts.some },
              ]}
              value={which}
              onChange={setWhich}
            />
          )}
          <p>{which === "all" ? texts.before : texts.beforeSome}</p>
          {which === "some" && <Units lines={order.lines} counts={counts} onChange={setCounts} />}
          {order.status === "paid" && (
            <ComesBack order={order} lines={which === "all" ? allOf(order) : chosen(counts)} />
          )}
        </>
      }
      write={async () => {
        const body = which === "all" ? {} : { cancel_id: cancelId, lines: chosen(counts) };
        const answer = await cancel.mutateAsync({ params: { path }, body });
        await cache.invalidateQueries();
        return answer;
      }}
      after={(answer) => (
        <>
          <p>{texts.after}</p>
          <Facts
            facts={[
              [texts.refund, <Money key="refund" fen={answer.refunded_fen - order.refunded_fen} />],
              which === "some"
                ? [
                    texts.some,
                    <span key="id" className="code">
                      {cancelId}
                    </span>,
                  ]
                : null,
              answer.points_restored == null ? null : [points(answer.points_restored), ""],
            ]}
          />
        </>
      )}
      onClose={onClose}
    />
  );
}

export function ReceiptDialog({ order, onClose }: { order: OrderAnswer; onClose: () => void }) {
  const { receipt: texts } = useTexts().order;
  const cache = useQueryClient();
  const receive = useApi().useMutation("post", "/orders/{order_id}/receipt");
  return (
    <Write
      title={texts.action}
      action={texts.action}
      before={<p>{texts.before}</p>}
      write={async () => {
        const answer = await receive.mutateAsync({ params: { path: { order_id: order.order_id } } });
        await cache.invalidateQueries();
        return answer;
      }}
      after={() => <p>{texts.after}</p>}
      onClose={onClose}
    />
  );
}

export function AskDialog({ order, onClose }: { order: OrderAnswer; onClose: () => void }) {
  const { ask: texts } = useTexts().order;
  const { caseKind, caseReason } = useCommon();
  const cache = useQueryClient();
  const open = useApi().useMutation("post", "/orders/{order_id}/cases");
  const kinds = kindsOf(order);
  const [kind, setKind] = useState<CaseKind>(kinds[0] ?? "complaint");
  const [reason, setReason] = useState<CaseReason | null>(null);
  const [text, setText] = useState("");
  const [counts, setCounts] = useState<Counts>({});
  const [requestId] = useState(() => newId("case"));
  const ofLines = order.status === "received" && kind !== "complaint";
  const lines = chosen(counts);
  return (
    <Write
      title={texts.action}
      action={texts.submit}
      ready={reason !== null && (!ofLines || lines.length > 0)}
      missing={[
        ...(ofLines && lines.length === 0 ? [texts.units] : []),
        ...(reason === null ? [texts.reason] : []),
      ]}
      before={
        <>
          <Choices
            row
            label={texts.kind}
            options={kinds.map((id) => ({ id, label: caseKind[id] }))}
            value={kind}
            onChange={(next) => {
              setKind(next);
              if (reason !== null && !reasonsOf(next).includes(reason)) setReason(null);
            }}
          />
          <p>{texts.before[kind]}</p>
          {ofLines && (
            <fieldset className="bare">
              <legend>{texts.units}</legend>
              <Units lines={order.lines} counts={counts} onChange={setCounts} />
              {lines.length === 0 && <p className="soft small-text">{texts.noUnits}</p>}
            </fieldset>
          )}
          {(kind === "return" || kind === "refund_only") && (
            <ComesBack order={order} lines={ofLines ? lines : allOf(order)} />
          )}
          <Select
            label={texts.reason}
            options={reasonsOf(kind).map((id) => ({ id, label: caseReason[id] }))}
            value={reason}
            onChange={setReason}
            required
          />
          <TextField
            label={texts.text}
            value={text}
            onChange={setText}
            lines={3}
            maxLength={TEXT_MAX}
            note={texts.textNote}
          />
        </>
      }
      write={async () => {
        if (reason === null) throw new Error("what is not ready is not sent");
        const body = {
          request_id: requestId,
          kind,
          reason,
          ...(ofLines && { lines }),
          ...(text.trim() !== "" && { text }),
        };
        const answer = await open.mutateAsync({ params: { path: { order_id: order.order_id } }, body });
        await cache.invalidateQueries();
        return answer;
      }}
      after={(answer) => (
        <>
          <p>{texts.after}</p>
          <Facts
            facts={[
              [
                texts.caseId,
                <Id key="id" of={texts.caseId}>
                  {answer.case_id}
                </Id>,
              ],
              [
                texts.look,
                <Link key="look" to={`/cases/${answer.case_id}`}>
                  {texts.toCase}
                </Link>,
              ],
              answer.refund_fen > 0
                ? [caseKind.refund_only, <Money key="fen" fen={answer.refund_fen} />]
                : null,
            ]}
          />
        </>
      )}
      onClose={onClose}
    />
  );
}
