/** What staff do with an order: each says what it will do, and then what it did (K1). */
import type { OrderAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { decimal, fenOf } from "@shared/money";
import { useApi } from "@shared/session/context";
import { Facts, Id } from "@shared/ui/bits";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { type ReactNode, useState } from "react";
import { Act, Will } from "../../parts/act";
import { Back, useBack } from "../../parts/back";
import { OrderBadge } from "../../parts/badges";
import { allOf, type Units } from "../../parts/kept";
import { useParts } from "../../parts/texts";
import { linesOf, UnitsPicker } from "../../parts/units";
import { useTexts } from "./texts";

interface Props {
  readonly order: OrderAnswer;
  readonly onClose: () => void;
}

/** As the API takes a tracking number: visible ASCII characters, and no space. */
const TRACKING = /^[\x21-\x7e]+$/;

type Fact = readonly [string, ReactNode];

function pathOf(order: OrderAnswer) {
  return { params: { path: { order_id: order.order_id } } };
}

/** What an order has become, and how to find it again. */
function Became({ order, said, children }: { order: OrderAnswer; said: string; children?: Fact[] }) {
  const texts = useTexts();
  const parts = useParts();
  return (
    <>
      <p>{said}</p>
      <Facts
        facts={[
          [
            parts.order,
            <Id key="o" of={parts.order}>
              {order.order_id}
            </Id>,
          ],
          [texts.newStatus, <OrderBadge key="s" status={order.status} />],
          ...(children ?? []),
        ]}
      />
    </>
  );
}

export function Ship({ order, onClose }: Props) {
  const texts = useTexts();
  const [carrier, setCarrier] = useState(order.carrier ?? "");
  const [tracking, setTracking] = useState(order.tracking_no ?? "");
  const ship = useApi().useMutation("post", "/orders/{order_id}/shipment");
  const corrects = order.status === "shipped";
  const number = tracking.trim();
  const wrong = number !== "" && !TRACKING.test(number);
  const body = {
    ...(carrier.trim() !== "" && { carrier: carrier.trim() }),
    ...(number !== "" && { tracking_no: number }),
  };
  return (
    <Act
      title={corrects ? texts.correct : texts.ship}
      action={corrects ? texts.correct : texts.ship}
      ready={!wrong}
      missing={wrong ? [texts.tracking] : []}
      labels={{ carrier: texts.carrier, tracking_no: texts.tracking }}
      onClose={onClose}
      before={(faults) => (
        <>
          <TextField
            label={texts.carrier}
            value={carrier}
            onChange={setCarrier}
            maxLength={100}
            wrong={faults.of("carrier")}
          />
          <TextField
            label={texts.tracking}
            value={tracking}
            onChange={setTracking}
            maxLength={255}
            wrong={wrong ? texts.trackingWrong : faults.of("tracking_no")}
          />
          <Will tone={number === "" && order.tracking_no === null ? "warn" : "plain"}>
            <p>{corrects ? texts.correctWill : texts.shipWill(order.order_id)}</p>
            {number === "" && order.tracking_no === null && <p>{texts.noTracking}</p>}
          </Will>
        </>
      )}
      write={() => ship.mutateAsync({ ...pathOf(order), body })}
      after={(answer) => (
        <Became order={answer} said={texts.shipDid}>
          {[
            [texts.carrier, answer.carrier ?? "—"],
            [texts.tracking, answer.tracking_no ?? texts.noNumber],
          ]}
        </Became>
      )}
    />
  );
}

export function Receive({ order, onClose }: Props) {
  const texts = useTexts();
  const receive = useApi().useMutation("post", "/orders/{order_id}/receipt");
  return (
    <Act
      title={texts.receive}
      action={texts.receive}
      onClose={onClose}
      before={
        <Will tone="warn">
          <p>{texts.receiveWill}</p>
        </Will>
      }
      write={() => receive.mutateAsync(pathOf(order))}
      after={(answer) => <Became order={answer} said={texts.receiveDid} />}
    />
  );
}

export function Refuse({ order, onClose }: Props) {
  const texts = useTexts();
  const back = useBack(order, allOf(order));
  const refuse = useApi().useMutation("post", "/orders/{order_id}/refusal");
  return (
    <Act
      title={texts.refuse}
      action={texts.refuse}
      danger
      onClose={onClose}
      before={
        <Will tone="warn">
          <p>{texts.refuseWill}</p>
          <Back of={back} />
        </Will>
      }
      write={() => refuse.mutateAsync(pathOf(order))}
      after={(answer) => <Became order={answer} said={texts.refuseDid} />}
    />
  );
}

export function TakeBack({ order, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { yuan, number } = useWords();
  const [returnId] = useState(() => newId("return"));
  const [units, setUnits] = useState<Units>({});
  const back = useBack(order, units);
  const takeBack = useApi().useMutation("post", "/orders/{order_id}/returns");
  const lines = linesOf(units);
  return (
    <Act
      title={texts.takeBack}
      action={texts.takeBack}
      ready={lines.length > 0}
      onClose={onClose}
      before={
        <>
          <h3>{texts.chooseUnits}</h3>
          <UnitsPicker order={order} units={units} onChange={setUnits} />
          <Will tone="warn">
            <p>{texts.takeBackWill}</p>
            <Back of={back} />
          </Will>
        </>
      }
      write={() => takeBack.mutateAsync({ ...pathOf(order), body: { return_id: returnId, lines } })}
      after={(answer) => (
        <Became order={answer} said={texts.takeBackDid}>
          {[
            [
              texts.by.return_id,
              <Id key="r" of={texts.by.return_id}>
                {returnId}
              </Id>,
            ],
            [parts.refund, yuan(answer.refund_fen)],
            [parts.pointsBack, number(answer.points_restored)],
            [texts.kept, yuan(answer.retained.paid_fen)],
            [texts.refundIs, texts.refundFollows],
          ]}
        </Became>
      )}
    />
  );
}

export function Cancel({ order, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { yuan, number } = useWords();
  const [cancelId] = useState(() => newId("cancel"));
  const [part, setPart] = useState<"whole" | "some">("whole");
  const [units, setUnits] = useState<Units>({});
  const cancel = useApi().useMutation("post", "/orders/{order_id}/cancel");
  const some = part === "some";
  const back = useBack(order, some ? units : allOf(order));
  const lines = linesOf(units);
  return (
    <Act
      title={texts.cancel}
      action={texts.cancel}
      danger
      ready={!some || lines.length > 0}
      onClose={onClose}
      before={
        <>
          {order.status === "paid" && (
            <Segments
              label={texts.what}
              options={[
                { id: "whole", label: texts.whole },
                { id: "some", label: texts.someUnits },
              ]}
              value={part}
              onChange={setPart}
            />
          )}
          {some && <UnitsPicker order={order} units={units} onChange={setUnits} />}
          <Will tone="warn">
            <p>{some ? texts.cancelUnitsWill : texts.cancelWill}</p>
            <Back of={back} />
          </Will>
        </>
      }
      write={() => cancel.mutateAsync({ ...pathOf(order), body: some ? { cancel_id: cancelId, lines } : {} })}
      after={(answer) => (
        <Became order={answer} said={texts.cancelDid}>
          {[
            ...(some
              ? [
                  [
                    texts.by.cancel_id,
                    <Id key="c" of={texts.by.cancel_id}>
                      {cancelId}
                    </Id>,
                  ] as const,
                ]
              : []),
            [parts.refund, yuan(answer.refund_fen ?? answer.refunded_fen)],
            ...(answer.points_restored == null
              ? []
              : [[parts.pointsBack, number(answer.points_restored)] as const]),
          ]}
        </Became>
      )}
    />
  );
}

export function Pay({ order, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { yuan } = useWords();
  const [paymentId, setPaymentId] = useState("");
  const placed = order.status === "placed";
  const [typed, setTyped] = useState(placed ? decimal(order.paid_fen) : "");
  const [received, setReceived] = useState(false);
  const pay = useApi().useMutation("post", "/orders/{order_id}/payment");
  const fen = fenOf(typed);
  const known = fen !== null && fen >= 0;
  const other = placed && known && fen !== order.paid_fen;
  return (
    <Act
      title={texts.pay}
      action={texts.pay}
      ready={known && paymentId.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <TextField
            label={texts.paymentId}
            note={texts.paymentIdNote}
            value={paymentId}
            onChange={setPaymentId}
            required
            maxLength={255}
          />
          <TextField
            label={texts.amountYuan}
            inputMode="decimal"
            value={typed}
            onChange={setTyped}
            required
            wrong={typed !== "" && !known ? texts.amountWrong : null}
          />
          <Will tone={placed && !other ? "plain" : "warn"}>
            <p>
              {placed ? (other ? texts.payOther : texts.payWill(yuan(order.paid_fen))) : texts.payNotPlaced}
            </p>
          </Will>
          {other && (
            <Checkbox selected={received} onChange={setReceived}>
              {texts.payReceived}
            </Checkbox>
          )}
        </>
      }
      write={() =>
        pay.mutateAsync({
          ...pathOf(order),
          body: {
            payment_id: paymentId.trim(),
            amount_fen: fen ?? 0,
            received: other && received,
          },
        })
      }
      after={(answer) => {
        const told = answer.payments.find((each) => each.payment_id === paymentId.trim());
        return (
          <Became order={answer} said={texts.payDid}>
            {[
              [
                texts.paymentId,
                <Id key="p" of={texts.paymentId}>
                  {paymentId.trim()}
                </Id>,
              ],
              [parts.state, told?.applied ? texts.applied : texts.notApplied],
            ]}
          </Became>
        );
      }}
    />
  );
}
