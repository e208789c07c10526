/** Amounts are integer fen; nothing here ever makes a fraction of them. */
import type { Language } from "./i18n/language";

const FEN_A_YUAN = 100;

/** The amount as a decimal text, exactly: `-9950` is `-99.50`. */
export function decimal(fen: number): `${number}` {
  if (!Number.isSafeInteger(fen)) throw new RangeError("an amount is an integer of fen");
  const size = Math.abs(fen);
  const rest = size % FEN_A_YUAN;
  const yuan = (size - rest) / FEN_A_YUAN;
  return `${fen < 0 ? "-" : ""}${yuan}.${String(rest).padStart(2, "0")}` as `${number}`;
}

const formats = new Map<Language, Intl.NumberFormat>();

/** The amount as people read it: `¥1,234.50`. The text is handed on exactly, never as a float. */
export function yuan(fen: number, language: Language): string {
  let format = formats.get(language);
  if (format === undefined) {
    format = new Intl.NumberFormat(language, {
      style: "currency",
      currency: "CNY",
      currencyDisplay: "narrowSymbol",
    });
    formats.set(language, format);
  }
  return format.format(decimal(fen));
}

const TYPED = /^\s*([+-]?)(\d{1,11}|\d{1,3}(?:,\d{3}){1,3})(?:\.(\d{1,2}))?\s*$/;

/** What somebody typed as yuan, in fen; null where it is no amount of whole fen. */
export function fenOf(typed: string): number | null {
  const found = TYPED.exec(typed.normalize("NFKC").replace(/^\s*[¥￥]/, ""));
  if (found === null) return null;
  const [, sign, whole, part = ""] = found;
  const fen = Number(whole?.replaceAll(",", "")) * FEN_A_YUAN + Number(part.padEnd(2, "0"));
  return sign === "-" ? -fen : fen;
}
