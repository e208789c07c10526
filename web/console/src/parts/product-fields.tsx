/** Choosing products of the catalogue: by the beginning of a name, or by number (K1). */

import { asProblem } from "@shared/api/problem";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { IconButton } from "@shared/ui/button";
import { Combo } from "@shared/ui/combo";
import type { FieldProps, Option } from "@shared/ui/fields";
import { Icon } from "@shared/ui/icon";
import { useState } from "react";
import { isSku } from "../pages/products/form";
import { idsIn } from "./lists";
import { useSettled } from "./settled";
import { useParts } from "./texts";

const OFFERED = 20;
const TYPED_MAX = 2_000;
/** A name as it is searched for has no more. */
const NAME_MAX = 200;
/** Of so many products the names are read, one by one; of more only the numbers stand there. */
export const NAMED_MAX = 40;

/** What there is to choose from: products whose names begin as typed, or who have this number. */
function useOffered(typed: string): readonly Option<string>[] {
  const { yuan } = useWords();
  const q = useSettled(typed.trim().slice(0, NAME_MAX));
  const found = useApi().useQuery("get", "/products", {
    params: { query: { limit: OFFERED, ...(q !== "" && { q }) } },
  });
  const known = useKnown(q);
  const byNumber = known.product === null ? [] : [known.product];
  const all = [...byNumber, ...(found.data?.items ?? []).filter((each) => each.sku !== q)];
  return all.map((each) => ({
    id: each.sku,
    label: each.name,
    note: `${each.sku} · ${yuan(each.price_fen)}`,
  }));
}

/** A product by its number; whether it is known that there is none. */
export function useKnown(sku: string, wanted = true) {
  const { data, error } = useApi().useQuery(
    "get",
    "/products/{sku}",
    { params: { path: { sku } } },
    { enabled: wanted && isSku(sku), retry: false },
  );
  const unknown = error !== null && asProblem(error).code === "product_not_found";
  return { product: data ?? null, unknown };
}

/** One product, by its number: its name and price stand under the field, and whether there is no such product. */
export function ProductField({
  label,
  wrong,
  value,
  onChange,
  required = false,
}: Pick<FieldProps, "label" | "wrong" | "required"> & { value: string; onChange: (sku: string) => void }) {
  const texts = useParts();
  const { yuan } = useWords();
  const sku = useSettled(value.trim());
  const { product, unknown } = useKnown(sku);
  const fits = sku === value.trim();
  return (
    <Combo
      label={label}
      note={product !== null && fits ? `${product.name} · ${yuan(product.price_fen)}` : texts.productNote}
      wrong={fits && unknown ? texts.noProduct(sku) : wrong}
      options={useOffered(value)}
      nothing={texts.noProducts}
      value={value}
      onChange={onChange}
      onChoose={onChange}
      required={required}
      maxLength={NAME_MAX}
    />
  );
}

/** Several products: those chosen so far, each with its name, and a field that adds one, or a list that is pasted. */
export function ProductsField({
  label,
  note,
  wrong,
  value,
  onChange,
  required = false,
}: Pick<FieldProps, "label" | "note" | "wrong" | "required"> & {
  /** Their numbers, as a list is typed. */
  value: string;
  onChange: (value: string) => void;
}) {
  const texts = useParts();
  const [typed, setTyped] = useState("");
  const [refused, setRefused] = useState(false);
  const ids = idsIn(value);
  const put = (next: readonly string[]) => onChange(next.join(", "));
  function add(text: string) {
    const more = idsIn(text);
    if (more.length === 0) return;
    if (!more.every(isSku)) {
      setRefused(true);
      return;
    }
    put(idsIn([...ids, ...more].join(" ")));
    setTyped("");
  }
  return (
    <div className="stack tight">
      <Combo
        label={label}
        note={note ?? texts.skusNote}
        wrong={refused ? texts.chooseProduct : wrong}
        options={useOffered(typed).filter((each) => !ids.includes(each.id))}
        nothing={texts.noProducts}
        value={typed}
        onChange={(next) => {
          setRefused(false);
          setTyped(next);
        }}
        onChoose={add}
        onEnter={() => add(typed)}
        onLeave={() => add(typed)}
        required={required && ids.length === 0}
        maxLength={TYPED_MAX}
      />
      {ids.length > 0 && (
        <ul className="chips" aria-label={texts.chosen(label)}>
          {ids.map((id, index) => (
            <Chosen
              key={id}
              sku={id}
              named={index < NAMED_MAX}
              onRemove={() => put(ids.filter((each) => each !== id))}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function Chosen({ sku, named, onRemove }: { sku: string; named: boolean; onRemove: () => void }) {
  const texts = useParts();
  const { product, unknown } = useKnown(sku, named);
  return (
    <li className={unknown ? "chip wrong" : "chip"}>
      <span>
        {unknown ? texts.noProduct(sku) : (product?.name ?? sku)}
        {product !== null && <span className="soft small-text code"> {sku}</span>}
      </span>
      <IconButton label={texts.takeOut(product?.name ?? sku)} onPress={onRemove}>
        <Icon name="close" />
      </IconButton>
    </li>
  );
}
