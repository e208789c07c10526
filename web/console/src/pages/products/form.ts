/** A product as it is typed, and as it is sent: amounts in exact fen, numbers whole or not there. */
import type { ProductAnswer, ProductRequest } from "@shared/api/schema";
import { decimal, fenOf } from "@shared/money";
import { wholeOf } from "../../parts/whole-number";

export interface ProductForm {
  readonly name: string;
  readonly price: string;
  readonly member_zone: boolean;
  readonly threshold: string;
  readonly status: "on_sale" | "withdrawn";
  readonly rows: string;
  readonly no_reason: boolean;
}

export type Wrong = Partial<Record<"sku" | "name" | "price" | "threshold" | "rows", true>>;

const SKU = /^\.*[A-Za-z0-9_-][A-Za-z0-9._-]*$/;
const SKU_MAX = 64;
const PRICE_FEN_MAX = 100_000_000;
const STOCK_MAX = 1_000_000_000;
const ROWS_MAX = 48;
/** What one row of stock takes, as the API says of `stock_rows`: the form asks for what a shop knows. */
export const ORDERS_A_ROW = 25;

export const NEW: ProductForm = {
  name: "",
  price: "",
  member_zone: false,
  threshold: "",
  status: "on_sale",
  rows: "",
  no_reason: true,
};

/** Whether it can be the id of a product, a campaign or a template. */
export function isSku(text: string): boolean {
  return text.length <= SKU_MAX && SKU.test(text);
}

export function formOf(product: ProductAnswer): ProductForm {
  return {
    name: product.name,
    price: decimal(product.price_fen),
    member_zone: product.member_zone,
    threshold: product.low_stock_threshold == null ? "" : String(product.low_stock_threshold),
    status: product.status,
    rows: product.stock_rows == null ? "" : String(product.stock_rows * ORDERS_A_ROW),
    no_reason: product.no_reason ?? true,
  };
}

/** Returns the request, or what is wrong with the form. */
export function requestOf(form: ProductForm): { request: ProductRequest } | { wrong: Wrong } {
  const price = fenOf(form.price);
  const threshold = form.threshold.trim() === "" ? undefined : wholeOf(form.threshold, 0, STOCK_MAX);
  const rows = form.rows.trim() === "" ? undefined : wholeOf(form.rows, 1, ROWS_MAX * ORDERS_A_ROW);
  const wrong: Wrong = {
    ...(form.name.trim() === "" && { name: true }),
    ...((price === null || price < 1 || price > PRICE_FEN_MAX) && { price: true }),
    ...(threshold === null && { threshold: true }),
    ...(rows === null && { rows: true }),
  };
  if (Object.keys(wrong).length > 0 || price === null) return { wrong };
  return {
    request: {
      name: form.name.trim(),
      price_fen: price,
      member_zone: form.member_zone,
      status: form.status,
      no_reason: form.no_reason,
      ...(threshold != null && { low_stock_threshold: threshold }),
      ...(rows != null && { stock_rows: Math.ceil(rows / ORDERS_A_ROW) }),
    },
  };
}
