/** A template of coupons as it is typed, and as it is sent; and the codes that are asked for. */
import type { CodesRequest, TemplateAnswer, TemplateRequest } from "@shared/api/schema";
import { decimal, fenOf } from "@shared/money";
import { idsIn } from "../../parts/lists";
import { EVERYTHING, type ScopeForm, scopeFormOf, scopeOf } from "../../parts/scope";
import { momentOf, wallOf } from "../../parts/wall";
import { wholeOf } from "../../parts/whole-number";

export interface TemplateForm {
  readonly name: string;
  readonly kind: "amount" | "rate";
  readonly face: string;
  readonly rate: string;
  readonly max_off: string;
  readonly min: string;
  readonly scope: ScopeForm;
  readonly tiers: string;
  readonly valid: "days" | "between";
  readonly days: string;
  readonly from: string;
  readonly until: string;
  readonly total: string;
  readonly per_member: string;
  readonly exclusive: boolean;
  readonly claimable: boolean;
  readonly for_complaints: boolean;
  readonly status: "active" | "paused";
}

export type Field =
  | "name"
  | "face"
  | "rate"
  | "max_off"
  | "min"
  | "skus"
  | "except"
  | "days"
  | "from"
  | "until"
  | "total"
  | "per_member";
export type Wrong = Partial<Record<Field, true>>;

const RATE = /^0\.\d{1,4}$/;
const FACE_FEN_MAX = 100_000_000;
const MIN_FEN_MAX = 10_000_000_000;
const DAYS_MAX = 3650;
const TOTAL_MAX = 1_000_000_000;
const PER_MEMBER_MAX = 1000;
const MINUTE_LENGTH = "2026-12-10T09:30".length;

export const NEW: TemplateForm = {
  name: "",
  kind: "amount",
  face: "",
  rate: "",
  max_off: "",
  min: "",
  scope: EVERYTHING,
  tiers: "",
  valid: "days",
  days: "7",
  from: "",
  until: "",
  total: "",
  per_member: "1",
  exclusive: false,
  claimable: true,
  for_complaints: false,
  status: "active",
};

export function formOf(template: TemplateAnswer, zone: string): TemplateForm {
  const { valid, limits } = template;
  const count = (value: number | null) => (value === null ? "" : String(value));
  const yuan = (fen: number | null) => (fen === null ? "" : decimal(fen));
  return {
    name: template.name,
    kind: template.kind,
    face: yuan(template.face_value_fen),
    rate: template.rate ?? "",
    max_off: yuan(template.max_off_fen),
    min: decimal(template.min_fen),
    scope: scopeFormOf(template.scope, template.except_skus),
    tiers: (template.tiers ?? []).join(", "),
    ...("days" in valid
      ? { valid: "days", days: String(valid.days), from: "", until: "" }
      : { valid: "between", days: "", from: wallOf(valid.from, zone), until: wallOf(valid.until, zone) }),
    total: count(limits.total),
    per_member: count(limits.per_member),
    exclusive: template.exclusive,
    claimable: template.claimable,
    for_complaints: template.for_complaints ?? false,
    status: template.status,
  };
}

function amount(typed: string, least: number, most: number): number | null {
  const fen = fenOf(typed);
  return fen !== null && fen >= least && fen <= most ? fen : null;
}

/** Returns the request, or which fields are wrong. */
export function requestOf(form: TemplateForm, zone: string): { request: TemplateRequest } | { wrong: Wrong } {
  const wrong: Wrong = {};
  if (form.name.trim() === "") wrong.name = true;
  const min = amount(form.min, 0, MIN_FEN_MAX);
  if (min === null) wrong.min = true;
  const worth = worthOf(form, wrong);
  const scope = scopeOf(form.scope);
  if ("wrong" in scope) wrong[scope.wrong] = true;
  const valid = validOf(form, zone, wrong);
  const limits = limitsOf(form, wrong);
  const tiers = idsIn(form.tiers);
  if (Object.keys(wrong).length > 0 || min === null || valid === null || "wrong" in scope) return { wrong };
  return {
    request: {
      name: form.name.trim(),
      kind: form.kind,
      ...worth,
      min_fen: min,
      ...scope,
      ...(tiers.length > 0 && { tiers }),
      exclusive: form.exclusive,
      claimable: form.claimable,
      for_complaints: form.for_complaints,
      valid,
      ...(Object.keys(limits).length > 0 && { limits }),
      status: form.status,
    },
  };
}

function worthOf(form: TemplateForm, wrong: Wrong): Partial<TemplateRequest> {
  if (form.kind === "amount") {
    const face = amount(form.face, 1, FACE_FEN_MAX);
    if (face === null) wrong.face = true;
    return { face_value_fen: face };
  }
  const rate = form.rate.trim().normalize("NFKC");
  if (!RATE.test(rate) || Number(rate) === 0) wrong.rate = true;
  const cap = form.max_off.trim() === "" ? undefined : amount(form.max_off, 1, FACE_FEN_MAX);
  if (cap === null) wrong.max_off = true;
  return { rate, ...(cap != null && { max_off_fen: cap }) };
}

function validOf(form: TemplateForm, zone: string, wrong: Wrong): TemplateRequest["valid"] | null {
  if (form.valid === "days") {
    const days = wholeOf(form.days, 1, DAYS_MAX);
    if (days === null) wrong.days = true;
    return days === null ? null : { days };
  }
  const from = momentOf(form.from, zone);
  // It is the last usable second: of a minute, that minute's.
  const until = momentOf(form.until.length === MINUTE_LENGTH ? `${form.until}:59` : form.until, zone);
  if (from === null) wrong.from = true;
  if (until === null || (from !== null && Date.parse(until) < Date.parse(from))) wrong.until = true;
  return from === null || until === null ? null : { from, until };
}

function limitsOf(form: TemplateForm, wrong: Wrong): NonNullable<TemplateRequest["limits"]> {
  const total = form.total.trim() === "" ? undefined : wholeOf(form.total, 1, TOTAL_MAX);
  const each = form.per_member.trim() === "" ? undefined : wholeOf(form.per_member, 1, PER_MEMBER_MAX);
  if (total === null) wrong.total = true;
  if (each === null) wrong.per_member = true;
  return { ...(total != null && { total }), ...(each != null && { per_member: each }) };
}

export interface CodesForm {
  readonly kind: "unique" | "shared";
  readonly count: string;
  readonly code: string;
  readonly limit: string;
}

const CODE = /^[A-Za-z0-9](-?[A-Za-z0-9]){3,31}$/;
const CODES_MAX = 1000;

const COUNTED = /-(\d{1,4})$/;
const SHARED = "-shared";

/** The id of a batch says how many codes it has: by it alone they are asked for again, and are the same (V10). */
export function batchOf(base: string, form: CodesForm): string {
  return form.kind === "unique" ? `${base}-${wholeOf(form.count, 1, CODES_MAX) ?? ""}` : `${base}${SHARED}`;
}

/** What asks for the codes of a batch again; null where its id does not say how many there are. */
export function againOf(batchId: string): CodesRequest | null {
  const count = wholeOf(COUNTED.exec(batchId.trim())?.[1] ?? "", 1, CODES_MAX);
  return count === null ? null : { batch_id: batchId.trim(), count };
}

/** Returns what asks for codes, or which fields are wrong. */
export function codesOf(
  form: CodesForm,
  batchId: string,
): { request: CodesRequest } | { wrong: Partial<Record<"count" | "code" | "limit", true>> } {
  if (form.kind === "unique") {
    const count = wholeOf(form.count, 1, CODES_MAX);
    return count === null ? { wrong: { count: true } } : { request: { batch_id: batchId, count } };
  }
  const code = form.code.trim();
  const limit = wholeOf(form.limit, 1, TOTAL_MAX);
  const wrong = {
    ...(!CODE.test(code) && { code: true as const }),
    ...(limit === null && { limit: true as const }),
  };
  return limit === null || Object.keys(wrong).length > 0
    ? { wrong }
    : { request: { batch_id: batchId, code, limit } };
}
