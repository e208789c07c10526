import type { CampaignRequest, PreviewAnswer, QuoteAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi, useShop } from "@shared/session/context";
import { Card, Notice } from "@shared/ui/bits";
import { Button, IconButton } from "@shared/ui/button";
import { TextField } from "@shared/ui/fields";
import { Icon } from "@shared/ui/icon";
import { Failure } from "@shared/ui/states";
import { Stepper } from "@shared/ui/stepper";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { ProductField } from "../../parts/product-fields";
import { useParts } from "../../parts/texts";
import { TierField } from "../../parts/tiers-field";
import { momentOf } from "../../parts/wall";
import { isSku } from "../products/form";
import { useLabels } from "./labels";
import { useTexts } from "./texts";

const LINES_MAX = 50;
const UNITS_MAX = 999;

interface Line {
  readonly key: number;
  readonly sku: string;
  readonly quantity: number;
}

/** Tries a campaign on a cart before it is put; nothing changes (K1). */
export function Preview({ id, request }: { id: string | null; request: CampaignRequest | null }) {
  const texts = useTexts();
  const { zone } = useWords();
  const [lines, setLines] = useState<readonly Line[]>([{ key: 1, sku: "", quantity: 1 }]);
  const labels = useLabels();
  const [tier, setTier] = useState("");
  const [at, setAt] = useState("");
  const preview = useApi().useMutation("post", "/campaigns/{campaign_id}/preview");
  const told = lines.filter((line) => line.sku.trim() !== "");
  const right = told.length > 0 && told.every((line) => isSku(line.sku.trim()));
  const moment = momentOf(at, zone);
  function run() {
    if (id === null || request === null) return;
    preview.mutate({
      params: { path: { campaign_id: id } },
      body: {
        campaign: request,
        lines: told.map((line) => ({ sku: line.sku.trim(), quantity: line.quantity })),
        ...(tier.trim() !== "" && { tier: tier.trim() }),
        ...(moment !== null && { at: moment }),
      },
    });
  }
  return (
    <Card title={texts.preview} aside={<span className="soft small-text">{texts.previewUnder}</span>}>
      <Cart lines={lines} onChange={setLines} />
      <div className="form">
        <TierField label={texts.previewTier} value={tier} onChange={setTier} />
        <TextField label={texts.previewAt} type="datetime-local" value={at} onChange={setAt} />
      </div>
      <div className="row">
        <Button
          isPending={preview.isPending}
          isDisabled={id === null || request === null || !right}
          onPress={run}
        >
          {texts.previewRun}
        </Button>
        {(id === null || request === null) && <span className="soft small-text">{texts.previewFirst}</span>}
      </div>
      {preview.isError && <Failure error={preview.error} labels={labels.sent} />}
      {preview.data !== undefined && id !== null && <Shown id={id} answer={preview.data} />}
    </Card>
  );
}

function Cart({ lines, onChange }: { lines: readonly Line[]; onChange: (lines: readonly Line[]) => void }) {
  const texts = useTexts();
  const set = (key: number, part: Partial<Line>) =>
    onChange(lines.map((line) => (line.key === key ? { ...line, ...part } : line)));
  return (
    <>
      {lines.map((line, index) => (
        <fieldset key={line.key} className="form line">
          <legend className="hidden">{`${texts.preview} ${index + 1}`}</legend>
          <ProductField
            label={texts.previewSku}
            value={line.sku}
            onChange={(sku) => set(line.key, { sku })}
          />
          <Stepper
            label={texts.previewQuantity}
            value={line.quantity}
            max={UNITS_MAX}
            onChange={(quantity) => set(line.key, { quantity })}
          />
          {lines.length > 1 && (
            <div className="remove">
              <IconButton
                label={texts.remove(line.sku || String(index + 1))}
                onPress={() => onChange(lines.filter((each) => each.key !== line.key))}
              >
                <Icon name="minus" />
              </IconButton>
            </div>
          )}
        </fieldset>
      ))}
      {lines.length < LINES_MAX && (
        <div className="row">
          <Button
            small
            onPress={() =>
              onChange([
                ...lines,
                { key: 1 + Math.max(0, ...lines.map((each) => each.key)), sku: "", quantity: 1 },
              ])
            }
          >
            {texts.addLine}
          </Button>
        </div>
      )}
    </>
  );
}

function Shown({ id, answer }: { id: string; answer: PreviewAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { reasons } = useCommon();
  const { yuan, exactly } = useWords();
  const { before, after } = answer;
  const saved = before.paid_fen - after.paid_fen;
  const unused = after.not_applied.find((each) => each.campaign_id === id);
  const { tiers } = useShop().config;
  const list = (quote: QuoteAnswer) =>
    quote.lines
      .filter((line) => line.gift_of === null)
      .reduce((sum, line) => sum + line.list_price_fen * line.quantity, 0);
  const gifts = (quote: QuoteAnswer) =>
    quote.lines
      .filter((line) => line.gift_of !== null)
      .map((line) => `${line.sku} × ${line.quantity}`)
      .join(", ") || "—";
  const off = (quote: QuoteAnswer) => -quote.campaigns.reduce((sum, each) => sum + each.amount_fen, 0);
  const prices = (quote: QuoteAnswer) => quote.goods_fen - list(quote);
  const given = gifts(before) !== gifts(after);
  const rows = [
    [texts.list, yuan(list(before)), yuan(list(after))],
    [texts.prices, yuan(prices(before)), yuan(prices(after))],
    [texts.off, yuan(off(before)), yuan(off(after))],
    [texts.gifts, gifts(before), gifts(after)],
    [texts.shipping, yuan(before.shipping_fen), yuan(after.shipping_fen)],
    [texts.toPay, yuan(before.paid_fen), yuan(after.paid_fen)],
  ] as const;
  return (
    <div className="stack">
      <Notice
        tone={saved > 0 || (saved === 0 && given) ? "good" : saved < 0 ? "warn" : "plain"}
        head={
          saved > 0
            ? texts.saves(yuan(saved))
            : saved < 0
              ? texts.costs(yuan(-saved))
              : given
                ? texts.givesGift(gifts(after))
                : texts.same
        }
      >
        <p>
          {texts.previewFor(
            answer.tier === tiers[0] ? parts.lowestTier(answer.tier) : answer.tier,
            exactly(answer.at),
          )}
        </p>
        {unused !== undefined && (
          <p>
            {texts.unusedBecause} {reasons[unused.code as keyof typeof reasons] ?? unused.code}
          </p>
        )}
      </Notice>
      <Table
        caption={texts.preview}
        rows={rows}
        keyOf={(row) => row[0]}
        columns={[
          { id: "name", title: texts.money, head: true, cell: (row) => row[0] },
          { id: "before", title: texts.previewBefore, end: true, cell: (row) => row[1] },
          { id: "after", title: texts.previewAfter, end: true, cell: (row) => row[2] },
        ]}
      />
    </div>
  );
}
