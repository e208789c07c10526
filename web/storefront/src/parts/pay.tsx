/**
 * Paying: the suite is asked for the payment, and says what the device has to do. The order is paid when the money
 * is confirmed, never because somebody came back to this page (Y5); so it is read until it says so.
 *
 * Stripe's own element loads scripts from Stripe, which these pages' policy does not allow: a shop that takes cards
 * widens the policy for it, and hands it the `client_secret` of this answer.
 */
import type { AttemptAnswer, OrderAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Card, Notice } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Choices } from "@shared/ui/fields";
import { Failure } from "@shared/ui/states";
import { useState } from "react";
import { useTexts } from "../messages/texts";
import { Qr } from "./qr";

const PROVIDERS = ["alipay", "wechatpay"] as const;
type Provider = (typeof PROVIDERS)[number];
/** Where the browser keeps which order is being paid, for when the provider sends the shopper back. */
const PAYING = "memberday.paying";

export function orderBeingPaid(): string | null {
  return window.sessionStorage.getItem(PAYING);
}

/** A phone's browser is led to the page of the provider's app, a computer's is shown a code or a page. */
function methodFor(provider: Provider): string {
  if (!window.matchMedia("(pointer: coarse)").matches) return "default";
  return provider === "alipay" ? "wap" : "h5";
}

export function Pay({ order }: { order: OrderAnswer }) {
  const { pay: texts } = useTexts().order;
  const { provider: names } = useCommon();
  const { yuan } = useWords();
  const [provider, setProvider] = useState<Provider>("alipay");
  const ask = useApi().useMutation("post", "/orders/{order_id}/payments");
  const returned = orderBeingPaid() === order.order_id;

  async function go() {
    window.sessionStorage.setItem(PAYING, order.order_id);
    const attempt = await ask
      .mutateAsync({
        params: { path: { order_id: order.order_id } },
        body: { provider, method: methodFor(provider) },
      })
      .catch(() => null);
    if (attempt?.action.kind === "redirect") window.location.assign(String(attempt.action.value));
  }

  return (
    <Card title={texts.title}>
      <Choices
        row
        label={texts.how}
        options={PROVIDERS.map((id) => ({ id, label: names[id] }))}
        value={provider}
        onChange={(next) => {
          setProvider(next);
          ask.reset();
        }}
      />
      {ask.error !== null && <Failure error={ask.error} />}
      {ask.data !== undefined && <Action attempt={ask.data} provider={provider} />}
      {(ask.data !== undefined || returned) && (
        <Notice head={texts.waiting}>
          <p>{texts.waitingHere}</p>
        </Notice>
      )}
      <Button look="primary" wide isPending={ask.isPending} onPress={() => void go()}>
        {texts.go} {yuan(order.paid_fen)}
      </Button>
    </Card>
  );
}

function Action({ attempt, provider }: { attempt: AttemptAnswer; provider: Provider }) {
  const { pay: texts } = useTexts().order;
  const { moment } = useWords();
  const { kind, value } = attempt.action;
  if (kind === "qr")
    return (
      <figure className="stack tight pay-code">
        <Qr value={String(value)} label={texts.qrLabel} />
        <figcaption>
          <p>{provider === "alipay" ? texts.scanAlipay : texts.scan}</p>
          <p className="soft small-text">{texts.until(moment(attempt.expires_at))}</p>
        </figcaption>
      </figure>
    );
  if (kind === "redirect")
    return (
      <a className="button primary" href={String(value)}>
        {texts.leave}
      </a>
    );
  return <p>{texts.app}</p>;
}
