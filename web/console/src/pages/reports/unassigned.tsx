import type { UnassignedAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useApi } from "@shared/session/context";
import { Badge, Card, Facts, Id, Moment } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { useState } from "react";
import { Act, Will } from "../../parts/act";
import { useForeign } from "../../parts/foreign";
import { Reason } from "../../parts/reason";
import { OrderRef } from "../../parts/refs";
import { Report, type ReportColumn } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { soughtIn } from "../orders/search";
import { useTexts } from "./texts";

interface Open {
  readonly what: "assign" | "back";
  readonly payment: UnassignedAnswer;
}

export function Unassigned() {
  const texts = useTexts();
  const [open, setOpen] = useState<Open | null>(null);
  const payments = useApi().useInfiniteQuery("get", "/reports/unassigned-payments", {}, PAGED);
  const columns = useColumns((what, payment) => setOpen({ what, payment }));
  const Dialog = open?.what === "assign" ? Assign : Back;
  return (
    <Card title={texts.tabs.unassigned}>
      <Pages query={payments} empty={<Empty title={texts.unassignedNone}>{texts.unassignedNoneHere}</Empty>}>
        {(items) => (
          <Report
            caption={texts.tabs.unassigned}
            report="unassigned-payments"
            file="unassigned-payments"
            rows={items}
            keyOf={(each) => each.payment_id}
            columns={columns}
          />
        )}
      </Pages>
      {open !== null && <Dialog payment={open.payment} onClose={() => setOpen(null)} />}
    </Card>
  );
}

function useColumns(
  act: (what: Open["what"], payment: UnassignedAnswer) => void,
): ReportColumn<UnassignedAnswer>[] {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const foreign = useForeign();
  const { provider } = useCommon();
  return [
    {
      id: "id",
      title: texts.payment,
      head: true,
      cell: (each) => <Id of={texts.payment}>{each.payment_id}</Id>,
      raw: (each) => each.payment_id,
    },
    {
      id: "provider",
      title: texts.provider,
      cell: (each) => provider[each.provider],
      raw: (each) => each.provider,
    },
    {
      id: "because",
      title: texts.because,
      cell: (each) => texts.becauses[each.because],
      raw: (each) => each.because,
    },
    {
      id: "number",
      title: texts.number,
      cell: (each) => <span className="code">{each.number ?? "—"}</span>,
      raw: (each) => each.number ?? "",
    },
    {
      id: "noticed",
      title: texts.noticed,
      cell: (each) => <Moment at={each.noticed_at} />,
      raw: (each) => each.noticed_at,
    },
    {
      id: "decided",
      title: texts.decided,
      cell: (each) => (
        <>
          <Badge tone={each.state === "open" || each.state === "proposed" ? "warn" : "good"}>
            {texts.decisions[each.state]}
          </Badge>
          {each.proposed_by !== null && each.order_id !== null && (
            <div className="soft words">{texts.proposedFor(each.proposed_by, each.order_id)}</div>
          )}
        </>
      ),
      raw: (each) => each.state,
    },
    {
      id: "amount",
      title: parts.amount,
      end: true,
      cell: (each) => foreign(each.amount, each.currency),
      raw: (each) => `${each.amount ?? ""} ${each.currency ?? ""}`.trim(),
    },
    {
      id: "act",
      title: parts.actions,
      cell: (each) => (
        <span className="row">
          {can("assign_payment") && (
            <Button small onPress={() => act("assign", each)}>
              {texts.assign}
            </Button>
          )}
          {can("refund_payment") && (
            <Button small onPress={() => act("back", each)}>
              {texts.back}
            </Button>
          )}
        </span>
      ),
    },
  ];
}

interface Props {
  readonly payment: UnassignedAnswer;
  readonly onClose: () => void;
}

function Became({ payment, said }: { payment: UnassignedAnswer; said: string }) {
  const texts = useTexts();
  const parts = useParts();
  return (
    <>
      <p>{said}</p>
      <Facts
        facts={[
          [
            texts.payment,
            <Id key="p" of={texts.payment}>
              {payment.payment_id}
            </Id>,
          ],
          [parts.state, texts.decisions[payment.state]],
          payment.order_id === null ? null : [parts.order, <OrderRef key="o" id={payment.order_id} />],
          payment.refund_id === null
            ? null
            : [
                texts.refund,
                <Id key="r" of={texts.refund}>
                  {payment.refund_id}
                </Id>,
              ],
        ]}
      />
    </>
  );
}

function Assign({ payment, onClose }: Props) {
  const texts = useTexts();
  const [orderId, setOrderId] = useState(payment.order_id ?? "");
  const assign = useApi().useMutation("post", "/reports/unassigned-payments/{payment_id}/assign");
  const right = soughtIn(orderId) === "order";
  return (
    <Act
      title={texts.assign}
      action={texts.assign}
      ready={right}
      onClose={onClose}
      before={
        <>
          <TextField
            label={texts.orderId}
            value={orderId}
            onChange={setOrderId}
            required
            wrong={orderId !== "" && !right ? texts.orderWrong : null}
          />
          <Will tone="warn">
            <p>{texts.assignWill}</p>
          </Will>
        </>
      }
      write={() =>
        assign.mutateAsync({
          params: { path: { payment_id: payment.payment_id } },
          body: { order_id: orderId.trim() },
        })
      }
      after={(answer) => <Became payment={answer} said={texts.assignDid} />}
    />
  );
}

function Back({ payment, onClose }: Props) {
  const texts = useTexts();
  const foreign = useForeign();
  const [reason, setReason] = useState("");
  const back = useApi().useMutation("post", "/reports/unassigned-payments/{payment_id}/refund");
  return (
    <Act
      title={texts.back}
      action={texts.back}
      danger
      ready={reason.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <Reason value={reason} onChange={setReason} />
          <Will tone="warn">
            <p>{texts.backWill(foreign(payment.amount, payment.currency))}</p>
          </Will>
        </>
      }
      write={() =>
        back.mutateAsync({
          params: { path: { payment_id: payment.payment_id } },
          body: { reason: reason.trim() },
        })
      }
      after={(answer) => <Became payment={answer} said={texts.backDid} />}
    />
  );
}
