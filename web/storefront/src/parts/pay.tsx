/**
 * Paying: the suite is asked for the payment, and says what the device has to do. The order is paid when the money
 * is confirmed, never because somebody came back to this page (Y5); so it is read until it says so.
 *
 * What is offered is what a browser can do. Stripe's own element loads scripts from Stripe, which these pages' policy
 * does not allow: a shop that takes cards widens the policy for it, and hands it the `client_secret` of this answer.
 */
import type { AttemptAnswer, OrderAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi, useShop } from "@shared/session/context";
import { Card, Notice } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { Choices } from "@shared/ui/fields";
import { Failure } from "@shared/ui/states";
import { useState } from "react";
import { useLocation } from "react-router";
import { useTexts } from "../messages/texts";
import { byCode, CAME_BACK, isPhone, keepBeingPaid, methodFor, PROVIDERS, type Provider } from "./paying";
import { Qr } from "./qr";

export function Pay({ order }: { order: OrderAnswer }) {
  const { pay: texts } = useTexts().order;
  const { provider: names } = useCommon();
  const { yuan, moment } = useWords();
  const [provider, setProvider] = useState<Provider>("alipay");
  const ask = useApi().useMutation("post", "/orders/{order_id}/payments");
  const cameBack = useLocation().state === CAME_BACK;
  const phone = isPhone();

  async function go(method: string) {
    keepBeingPaid(order.order_id);
    const attempt = await ask
      .mutateAsync({ params: { path: { order_id: order.order_id } }, body: { provider, method } })
      .catch(() => null); // It is shown below, as what the mutation ended with.
    if (attempt?.action.kind === "redirect") window.location.assign(String(attempt.action.value));
  }

  return (
    <Card title={texts.title}>
      {order.lapses_at != null && <p className="soft">{texts.payBy(moment(order.lapses_at))}</p>}
      {cameBack && (
        <Notice head={texts.waiting}>
          <p>{texts.waitingHere}</p>
        </Notice>
      )}
      <Choices
        row
        label={texts.how(PROVIDERS.length)}
        options={PROVIDERS.map((id) => ({ id, label: names[id] }))}
        value={provider}
        onChange={(next) => {
          setProvider(next);
          ask.reset();
        }}
      />
      {ask.error !== null && <Failure error={ask.error} />}
      {ask.data !== undefined && <Action attempt={ask.data} provider={provider} />}
      <Button
        look="primary"
        wide
        isPending={ask.isPending}
        onPress={() => void go(methodFor(provider, phone))}
      >
        {texts.go} {yuan(order.paid_fen)}
      </Button>
      {phone && (
        <Button wide isPending={ask.isPending} onPress={() => void go(byCode(provider))}>
          {texts.byCode}
        </Button>
      )}
    </Card>
  );
}

function Action({ attempt, provider }: { attempt: AttemptAnswer; provider: Provider }) {
  const { pay: texts } = useTexts().order;
  const { till } = useShop().config;
  const { moment } = useWords();
  const { kind, value } = attempt.action;
  if (kind === "qr")
    return (
      <figure className="stack tight pay-code">
        <Qr value={String(value)} label={texts.qrLabel} />
        <figcaption role="status">
          <p>{provider === "alipay" ? texts.scanAlipay : texts.scan}</p>
          <p className="soft small-text">{texts.until(moment(attempt.expires_at))}</p>
          {till !== undefined && (
            <p className="small-text">
              <a
                href={`${till}/till/shopper?${new URLSearchParams({ code: String(value) })}`}
                target="_blank"
                rel="noreferrer"
              >
                {texts.playPhone}
              </a>
            </p>
          )}
        </figcaption>
      </figure>
    );
  if (kind === "redirect")
    return (
      <a className="button" href={String(value)}>
        {texts.leave}
      </a>
    );
  return <p>{texts.app}</p>;
}
