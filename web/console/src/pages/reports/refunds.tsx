import type { RefundAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { decimal } from "@shared/money";
import { useApi } from "@shared/session/context";
import { Card, Facts, Id, Moment } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Segments, TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Empty } from "@shared/ui/states";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { Act, Will } from "../../parts/act";
import { RefundBadge } from "../../parts/badges";
import { useForeign } from "../../parts/foreign";
import { Reason } from "../../parts/reason";
import { OrderRef } from "../../parts/refs";
import { Report, type ReportColumn } from "../../parts/report";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { useRefundReason } from "./because";
import { useTexts } from "./texts";

/** As the API takes a reference: visible ASCII, without blanks. */
const REFERENCE = /^[\x21-\x7e]+$/;

export function Refunds() {
  const texts = useTexts();
  const [query, setQuery] = useSearchParams();
  const state = query.get("state") === "manual" ? "manual" : "failed";
  const [paying, setPaying] = useState<RefundAnswer | null>(null);
  const refunds = useApi().useInfiniteQuery(
    "get",
    "/reports/refunds",
    { params: { query: { state } } },
    PAGED,
  );
  const columns = useColumns(setPaying);
  return (
    <Card title={texts.refunds}>
      <div>
        <Segments
          label={texts.refundState}
          options={(["failed", "manual"] as const).map((id) => ({ id, label: texts.refundStates[id] }))}
          value={state}
          onChange={(next) => setQuery({ report: "refunds", state: next }, { replace: true })}
        />
      </div>
      <Pages query={refunds} empty={<Empty title={texts.refundsNone}>{texts.refundsNoneHere}</Empty>}>
        {(items) => (
          <Report
            caption={texts.refunds}
            report="refunds"
            filters={{ state }}
            file={`refunds-${state}`}
            rows={items}
            keyOf={(each) => each.refund_id}
            columns={columns}
          />
        )}
      </Pages>
      {paying !== null && <ByHand refund={paying} onClose={() => setPaying(null)} />}
    </Card>
  );
}

function useColumns(pay: (refund: RefundAnswer) => void): ReportColumn<RefundAnswer>[] {
  const texts = useTexts();
  const parts = useParts();
  const can = useCan();
  const foreign = useForeign();
  const because = useRefundReason();
  const { provider, refundState } = useCommon();
  return [
    {
      id: "id",
      title: texts.refund,
      head: true,
      cell: (each) => <Id of={texts.refund}>{each.refund_id}</Id>,
      raw: (each) => each.refund_id,
    },
    {
      id: "order",
      title: parts.order,
      cell: (each) => (each.order_id === null ? "—" : <OrderRef id={each.order_id} />),
      raw: (each) => each.order_id ?? "",
    },
    {
      id: "provider",
      title: texts.provider,
      cell: (each) => provider[each.provider],
      raw: (each) => provider[each.provider],
    },
    {
      id: "why",
      title: texts.why,
      cell: (each) => (
        <>
          {because(each.reason)}
          {each.because !== null && <div className="soft code">{each.because}</div>}
        </>
      ),
      raw: (each) => because(each.reason),
    },
    {
      id: "made",
      title: texts.made,
      cell: (each) => <Moment at={each.made_at} />,
      raw: (each) => each.made_at,
    },
    {
      id: "state",
      title: parts.state,
      cell: (each) => <RefundBadge state={each.state} />,
      raw: (each) => refundState[each.state],
    },
    {
      id: "amount",
      title: parts.amount,
      end: true,
      cell: (each) => foreign(each.amount, each.currency),
      raw: (each) => (each.currency === "CNY" ? decimal(each.amount) : `${each.amount} ${each.currency}`),
    },
    ...(can("pay_refund_by_hand")
      ? [
          {
            id: "act",
            title: parts.actions,
            cell: (each: RefundAnswer) => (
              <Button small onPress={() => pay(each)}>
                {texts.byHand}
              </Button>
            ),
          },
        ]
      : []),
  ];
}

function ByHand({ refund, onClose }: { refund: RefundAnswer; onClose: () => void }) {
  const texts = useTexts();
  const parts = useParts();
  const foreign = useForeign();
  const [reference, setReference] = useState("");
  const [reason, setReason] = useState("");
  const pay = useApi().useMutation("post", "/reports/refunds/{refund_id}/by-hand");
  return (
    <Act
      title={texts.byHand}
      action={texts.byHand}
      ready={REFERENCE.test(reference.trim()) && reason.trim() !== ""}
      missing={[
        ...(reference.trim() === "" ? [texts.reference] : []),
        ...(reason.trim() === "" ? [parts.reason] : []),
      ]}
      onClose={onClose}
      before={
        <>
          <TextField
            label={texts.reference}
            note={texts.referenceNote}
            value={reference}
            onChange={setReference}
            required
            wrong={reference.trim() === "" || REFERENCE.test(reference.trim()) ? null : texts.referenceWrong}
            maxLength={255}
          />
          <Reason value={reason} onChange={setReason} />
          <Will tone="warn">
            <p>{texts.byHandWill(foreign(refund.amount, refund.currency))}</p>
          </Will>
        </>
      }
      write={() =>
        pay.mutateAsync({
          params: { path: { refund_id: refund.refund_id } },
          body: { reason: reason.trim(), reference: reference.trim() },
        })
      }
      after={(answer) => (
        <>
          <p>{texts.byHandDid}</p>
          <Facts
            facts={[
              [
                texts.refund,
                <Id key="r" of={texts.refund}>
                  {answer.refund_id}
                </Id>,
              ],
              [parts.state, <RefundBadge key="s" state={answer.state} />],
              [texts.reference, answer.by_hand?.reference ?? "—"],
            ]}
          />
        </>
      )}
    />
  );
}
