import type { ProductAnswer } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { Facts, Id } from "@shared/ui/bits";
import type { Faults } from "@shared/ui/faults";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { Act, Will } from "../../parts/act";
import { Differences } from "../../parts/differences";
import { guard, useRefused } from "../../parts/guarded";
import { Reason } from "../../parts/reason";
import { useParts } from "../../parts/texts";
import { wholeOf } from "../../parts/whole-number";
import { useCan } from "../../rights";
import { formOf, isSku, NEW, type ProductForm, requestOf, type Wrong } from "./form";
import { useTexts } from "./texts";

const STOCK_MAX = 1_000_000_000;

/** Puts a new product, or what is said of one that there is. */
export function Put({ product, onClose }: { product: ProductAnswer | null; onClose: () => void }) {
  const texts = useTexts();
  const [sku, setSku] = useState(product?.sku ?? "");
  const [form, setForm] = useState<ProductForm>(() => (product === null ? NEW : formOf(product)));
  const put = useApi().useMutation("put", "/products/{sku}");
  const told = requestOf(form);
  const rows = useRows();
  const ready = isSku(sku.trim()) && "request" in told;
  const title = product === null ? texts.create : texts.put;
  const cache = useQueryClient();
  const refused = useRefused(sku.trim(), `/products/${encodeURIComponent(sku.trim())}`, () => {
    void cache.invalidateQueries();
    onClose();
  });
  const can = useCan();
  const labels = {
    sku: texts.sku,
    name: texts.name,
    price_fen: texts.priceYuan,
    low_stock_threshold: texts.threshold,
    stock_rows: texts.rows,
  };
  const wrong = "wrong" in told ? told.wrong : {};
  const missing = [
    ...(isSku(sku.trim()) ? [] : [texts.sku]),
    ...(wrong.name ? [texts.name] : []),
    ...(wrong.price ? [texts.priceYuan] : []),
    ...(wrong.threshold ? [texts.threshold] : []),
    ...(wrong.rows ? [texts.rows] : []),
  ];
  return (
    <Act
      title={title}
      action={title}
      ready={ready}
      missing={missing}
      labels={labels}
      refused={refused}
      wide
      onClose={onClose}
      before={(faults) => (
        <>
          {product === null && (
            <TextField
              label={texts.sku}
              note={texts.skuNote}
              value={sku}
              onChange={setSku}
              required
              wrong={sku !== "" && !isSku(sku.trim()) ? texts.skuWrong : faults.of("sku")}
            />
          )}
          <Fields form={form} onChange={setForm} wrong={wrong} faults={faults} />
          <Will>
            <p>{product === null ? texts.putWillNew(sku.trim() || "…") : texts.putWill}</p>
            <Differences
              before={product === null ? [] : rows(formOf(product))}
              after={
                product === null ? rows(form).filter(([, said]) => said !== "" && said !== "—") : rows(form)
              }
            />
          </Will>
        </>
      )}
      write={() => {
        if (!("request" in told)) throw new Error("the form is not complete");
        return put.mutateAsync({
          params: { path: { sku: sku.trim() }, header: guard(product) },
          body: told.request,
        });
      }}
      after={(answer) => (
        <>
          <p>{texts.putDid}</p>
          <Facts
            facts={[
              [
                texts.sku,
                <Id key="s" of={texts.sku}>
                  {answer.sku}
                </Id>,
              ],
              ...rows(formOf(answer)),
            ]}
          />
          {product === null && (
            <p>
              <Link to={`/products/${encodeURIComponent(answer.sku)}`}>{texts.openNew(answer.name)}</Link>
              {" · "}
              {can("move_stock") ? texts.nextStock : texts.askForStock}
            </p>
          )}
        </>
      )}
    />
  );
}

/** What a form says, field by field, as it is read. */
function useRows() {
  const texts = useTexts();
  const parts = useParts();
  return (form: ProductForm): (readonly [string, string])[] => [
    [texts.name, form.name],
    [texts.priceYuan, form.price],
    [texts.memberZone, form.member_zone ? parts.yes : parts.no],
    [texts.status, texts.statuses[form.status]],
    [texts.threshold, form.threshold || "—"],
    [texts.noReason, form.no_reason ? parts.yes : parts.no],
    [texts.rows, form.rows || "—"],
  ];
}

function Fields({
  form,
  onChange,
  wrong,
  faults,
}: {
  form: ProductForm;
  onChange: (form: ProductForm) => void;
  wrong: Wrong;
  faults: Faults;
}) {
  const texts = useTexts();
  const set = (part: Partial<ProductForm>) => onChange({ ...form, ...part });
  return (
    <div className="form">
      <TextField
        label={texts.name}
        value={form.name}
        onChange={(name) => set({ name })}
        required
        maxLength={200}
        wrong={form.name !== "" && wrong.name ? texts.nameWrong : faults.of("name")}
      />
      <TextField
        label={texts.priceYuan}
        inputMode="decimal"
        value={form.price}
        onChange={(price) => set({ price })}
        required
        wrong={form.price !== "" && wrong.price ? texts.priceWrong : faults.of("price_fen")}
      />
      <TextField
        label={texts.threshold}
        note={texts.thresholdNote}
        inputMode="numeric"
        value={form.threshold}
        onChange={(threshold) => set({ threshold })}
        wrong={wrong.threshold ? texts.thresholdWrong : faults.of("low_stock_threshold")}
      />
      <TextField
        label={texts.rows}
        note={texts.rowsNote}
        inputMode="numeric"
        value={form.rows}
        onChange={(rows) => set({ rows })}
        wrong={wrong.rows ? texts.rowsWrong : faults.of("stock_rows")}
      />
      <div className="across row">
        <Segments
          label={texts.status}
          options={(["on_sale", "withdrawn"] as const).map((id) => ({ id, label: texts.statuses[id] }))}
          value={form.status}
          onChange={(status) => set({ status })}
        />
        <Checkbox selected={form.member_zone} onChange={(zone) => set({ member_zone: zone })}>
          {texts.memberZone}
        </Checkbox>
        <Checkbox selected={form.no_reason} onChange={(no_reason) => set({ no_reason })}>
          {texts.noReason}
        </Checkbox>
      </div>
    </div>
  );
}

export function Move({ product, onClose }: { product: ProductAnswer; onClose: () => void }) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const [movementId] = useState(() => newId("move"));
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const move = useApi().useMutation("post", "/products/{sku}/stock");
  const value = wholeOf(typed, -STOCK_MAX, STOCK_MAX);
  const delta = value === 0 ? null : value;
  const stock = product.stock ?? 0;
  const short = delta !== null && stock + delta < 0;
  return (
    <Act
      title={texts.move}
      action={texts.move}
      ready={delta !== null && !short && reason.trim() !== ""}
      missing={[
        ...(delta === null || short ? [texts.delta] : []),
        ...(reason.trim() === "" ? [parts.reason] : []),
      ]}
      labels={{ delta: texts.delta, reason: parts.reason }}
      onClose={onClose}
      before={
        <>
          <TextField
            label={texts.delta}
            value={typed}
            onChange={setTyped}
            required
            wrong={
              short ? texts.short : typed !== "" && typed !== "-" && delta === null ? texts.deltaWrong : null
            }
          />
          <Reason value={reason} onChange={setReason} />
          <Will tone="warn">
            <Facts
              sums
              facts={[
                [`${texts.stock} · ${texts.now}`, number(stock)],
                [`${texts.stock} · ${texts.afterwards}`, delta === null ? "—" : number(stock + delta)],
              ]}
            />
            <p>{texts.moveWill}</p>
          </Will>
        </>
      }
      write={() =>
        move.mutateAsync({
          params: { path: { sku: product.sku } },
          body: { movement_id: movementId, delta: delta ?? 0, reason: reason.trim() },
        })
      }
      after={(answer) => (
        <>
          <p>{texts.moveDid}</p>
          <Facts
            facts={[
              [
                texts.movementId,
                <Id key="m" of={texts.movementId}>
                  {movementId}
                </Id>,
              ],
              [
                texts.sku,
                <Id key="s" of={texts.sku}>
                  {answer.sku}
                </Id>,
              ],
              [texts.stock, answer.stock == null ? "—" : number(answer.stock)],
            ]}
          />
        </>
      )}
    />
  );
}
