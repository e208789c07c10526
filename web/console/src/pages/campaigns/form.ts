/** A campaign as it is typed, and as it is sent: exact fen, whole numbers, the store's own time (K1). */
import type { CampaignAnswer, CampaignRequest } from "@shared/api/schema";
import { decimal, fenOf } from "@shared/money";
import { rfc3339 } from "@shared/time";
import { idsIn } from "../../parts/lists";
import { EVERYTHING, type ScopeForm, scopeFormOf, scopeOf } from "../../parts/scope";
import { momentOf, wallOf } from "../../parts/wall";
import { wholeOf } from "../../parts/whole-number";
import { isSku } from "../products/form";

export type Kind = CampaignRequest["kind"];
export const KINDS: readonly Kind[] = ["discount", "flash", "spend_save", "gift"];

export interface Item {
  readonly key: number;
  readonly sku: string;
  readonly price: string;
  readonly units: string;
}

export interface Step {
  readonly key: number;
  readonly from: string;
  readonly off: string;
}

export interface CampaignForm {
  readonly name: string;
  readonly kind: Kind;
  readonly starts: string;
  readonly ends: string;
  readonly status: "active" | "paused";
  readonly scope: ScopeForm;
  readonly tiers: string;
  /** Of line offers. */
  readonly stacks: boolean;
  /** Of order offers. */
  readonly group: string;
  readonly with_coupons: boolean;
  readonly with_points: boolean;
  readonly rate: string;
  readonly items: readonly Item[];
  readonly per_member: string;
  readonly steps: readonly Step[];
  readonly repeat: boolean;
  readonly max_off: string;
  readonly gift_from: string;
  readonly gift_sku: string;
  readonly gift_quantity: string;
  readonly limit_orders: string;
  readonly limit_member: string;
  readonly limit_budget: string;
}

export type Field =
  | "name"
  | "starts"
  | "ends"
  | "skus"
  | "except"
  | "group"
  | "rate"
  | "items"
  | "per_member"
  | "steps"
  | "max_off"
  | "gift_from"
  | "gift_sku"
  | "gift_quantity"
  | "limit_orders"
  | "limit_member"
  | "limit_budget";
export type Wrong = Partial<Record<Field, true>>;

const RATE = /^0\.\d{1,4}$/;
const AMOUNT_FEN_MAX = 10_000_000_000;
const PRICE_FEN_MAX = 100_000_000;
const BUDGET_FEN_MAX = 1_000_000_000_000;
const COUNT_MAX = 1_000_000_000;
const QUANTITY_MAX = 999;
export const ITEMS_MAX = 40;
export const STEPS_MAX = 10;

/** Line offers set what a unit costs; order offers take off the order, or add to it. */
export function isLineOffer(kind: Kind): boolean {
  return kind === "discount" || kind === "flash";
}

export function newForm(kind: Kind): CampaignForm {
  return {
    name: "",
    kind,
    starts: "",
    ends: "",
    status: "active",
    scope: EVERYTHING,
    tiers: "",
    stacks: true,
    group: "",
    with_coupons: true,
    with_points: true,
    rate: "",
    items: [{ key: 1, sku: "", price: "", units: "" }],
    per_member: "1",
    steps: [{ key: 1, from: "", off: "" }],
    repeat: false,
    max_off: "",
    gift_from: "",
    gift_sku: "",
    gift_quantity: "1",
    limit_orders: "",
    limit_member: "",
    limit_budget: "",
  };
}

/** The form of a campaign that there is. */
export function formOf(campaign: CampaignAnswer, zone: string): CampaignForm {
  const { limits } = campaign;
  const count = (value: number | null) => (value === null ? "" : String(value));
  return {
    ...newForm(campaign.kind),
    name: campaign.name,
    starts: wallOf(campaign.starts_at, zone),
    ends: wallOf(campaign.ends_at, zone),
    status: campaign.status,
    scope: scopeFormOf(campaign.scope, campaign.except_skus),
    tiers: (campaign.tiers ?? []).join(", "),
    stacks: campaign.stacks ?? true,
    group: campaign.group === campaign.kind ? "" : (campaign.group ?? ""),
    with_coupons: campaign.with_coupons ?? true,
    with_points: campaign.with_points ?? true,
    limit_orders: count(limits.orders),
    limit_member: count(limits.per_member),
    limit_budget: limits.budget_fen === null ? "" : decimal(limits.budget_fen),
    ...termsFormOf(campaign.terms),
  };
}

function termsFormOf(terms: CampaignAnswer["terms"]): Partial<CampaignForm> {
  if ("rate" in terms) return { rate: terms.rate };
  if ("items" in terms) {
    const items = Object.entries(terms.items).map(([sku, item], index) => ({
      key: index + 1,
      sku,
      price: decimal(item.price_fen),
      units: String(item.units),
    }));
    return { items, per_member: String(terms.per_member) };
  }
  if ("steps" in terms)
    return {
      steps: terms.steps.map((step, index) => ({
        key: index + 1,
        from: decimal(step.from_fen),
        off: decimal(step.off_fen),
      })),
      repeat: terms.repeat,
      max_off: terms.max_off_fen === null ? "" : decimal(terms.max_off_fen),
    };
  return {
    gift_from: decimal(terms.from_fen),
    gift_sku: terms.sku,
    gift_quantity: String(terms.quantity),
  };
}

/** Returns the request, or which fields are wrong. */
export function requestOf(form: CampaignForm, zone: string): { request: CampaignRequest } | { wrong: Wrong } {
  const wrong: Wrong = {};
  const starts = momentOf(form.starts, zone);
  const ends = momentOf(form.ends, zone);
  if (form.name.trim() === "") wrong.name = true;
  if (starts === null) wrong.starts = true;
  if (ends === null || (starts !== null && Date.parse(ends) <= Date.parse(starts))) wrong.ends = true;
  const about = aboutOf(form, wrong);
  const terms = TERMS[form.kind](form, wrong);
  const limits = limitsOf(form, wrong);
  const tiers = idsIn(form.tiers);
  if (Object.keys(wrong).length > 0 || starts === null || ends === null || terms === null) return { wrong };
  return {
    request: {
      name: form.name.trim(),
      kind: form.kind,
      starts_at: starts,
      ends_at: ends,
      status: form.status,
      ...about,
      ...(tiers.length > 0 && { tiers }),
      terms,
      ...(Object.keys(limits).length > 0 && { limits }),
    },
  };
}

/** What it is about and what it goes with: only what its kind has. */
function aboutOf(form: CampaignForm, wrong: Wrong): Partial<CampaignRequest> {
  const about: Partial<CampaignRequest> = {};
  if (form.kind !== "flash") {
    const scope = scopeOf(form.scope);
    if ("wrong" in scope) wrong[scope.wrong] = true;
    else Object.assign(about, scope);
  }
  if (isLineOffer(form.kind)) return { ...about, stacks: form.stacks };
  const group = form.group.trim();
  if (group !== "" && !isSku(group)) wrong.group = true;
  return {
    ...about,
    ...(group !== "" && { group }),
    with_coupons: form.with_coupons,
    with_points: form.with_points,
  };
}

function amount(typed: string, most: number = AMOUNT_FEN_MAX): number | null {
  const fen = fenOf(typed);
  return fen !== null && fen >= 1 && fen <= most ? fen : null;
}

type Terms = CampaignRequest["terms"];
const TERMS: Record<Kind, (form: CampaignForm, wrong: Wrong) => Terms | null> = {
  discount(form, wrong) {
    const rate = form.rate.trim().normalize("NFKC");
    if (RATE.test(rate) && Number(rate) > 0) return { rate };
    wrong.rate = true;
    return null;
  },
  flash(form, wrong) {
    const perMember = wholeOf(form.per_member, 1, COUNT_MAX);
    if (perMember === null) wrong.per_member = true;
    const items: Record<string, { price_fen: number; units: number }> = {};
    for (const item of form.items) {
      const sku = item.sku.trim();
      const price = amount(item.price, PRICE_FEN_MAX);
      const units = wholeOf(item.units, 1, COUNT_MAX);
      if (!isSku(sku) || Object.hasOwn(items, sku) || price === null || units === null) wrong.items = true;
      else items[sku] = { price_fen: price, units };
    }
    if (form.items.length === 0 || form.items.length > ITEMS_MAX) wrong.items = true;
    return perMember === null ? null : { items, per_member: perMember };
  },
  spend_save(form, wrong) {
    const steps = form.steps.map((step) => ({ from_fen: amount(step.from), off_fen: amount(step.off) }));
    const known = steps.filter(
      (step): step is { from_fen: number; off_fen: number } =>
        step.from_fen !== null && step.off_fen !== null && step.off_fen <= step.from_fen,
    );
    const rising = known.every((step, index) => {
      const lower = known[index - 1];
      return lower === undefined || (lower.from_fen < step.from_fen && lower.off_fen < step.off_fen);
    });
    if (known.length !== steps.length || !rising || steps.length === 0 || steps.length > STEPS_MAX)
      wrong.steps = true;
    // One step alone repeats, and only what repeats has a cap.
    const repeat = form.repeat && steps.length === 1;
    const cap = repeat && form.max_off.trim() !== "" ? amount(form.max_off) : undefined;
    if (cap === null) wrong.max_off = true;
    return { steps: known, repeat, ...(cap != null && { max_off_fen: cap }) };
  },
  gift(form, wrong) {
    const from = amount(form.gift_from);
    const quantity = wholeOf(form.gift_quantity, 1, QUANTITY_MAX);
    const sku = form.gift_sku.trim();
    if (from === null) wrong.gift_from = true;
    if (quantity === null) wrong.gift_quantity = true;
    if (!isSku(sku)) wrong.gift_sku = true;
    return from === null || quantity === null ? null : { from_fen: from, sku, quantity };
  },
};

function limitsOf(form: CampaignForm, wrong: Wrong): NonNullable<CampaignRequest["limits"]> {
  const orders = form.limit_orders.trim() === "" ? undefined : wholeOf(form.limit_orders, 1, COUNT_MAX);
  const member = form.limit_member.trim() === "" ? undefined : wholeOf(form.limit_member, 1, COUNT_MAX);
  const budget = form.limit_budget.trim() === "" ? undefined : amount(form.limit_budget, BUDGET_FEN_MAX);
  if (orders === null) wrong.limit_orders = true;
  if (member === null) wrong.limit_member = true;
  if (budget === null) wrong.limit_budget = true;
  return {
    ...(orders != null && { orders }),
    ...(member != null && { per_member: member }),
    ...(budget != null && { budget_fen: budget }),
  };
}

/** A campaign as it would be put again, with another status or another end: for start, pause and end. */
export function putAgain(
  campaign: CampaignAnswer,
  zone: string,
  change: { status?: "active" | "paused"; starts_at?: string; ends_at?: string },
): CampaignRequest {
  const told = requestOf(formOf(campaign, zone), zone);
  if ("wrong" in told) throw new Error("a campaign that stands is one that can be put");
  // The moments go back as they came: the form knows no part of a second.
  return { ...told.request, starts_at: campaign.starts_at, ends_at: campaign.ends_at, ...change };
}

const SECOND_MILLISECONDS = 1_000;

/** What calls off a campaign that has not begun: it began a second ago, and ends now, before it counts for anybody. */
export function calledOff(at: Date, zone: string): { starts_at: string; ends_at: string } {
  return {
    starts_at: rfc3339(new Date(at.getTime() - SECOND_MILLISECONDS), zone),
    ends_at: rfc3339(at, zone),
  };
}

/** The products that a campaign names. */
export function namedIn({ scope, terms }: CampaignAnswer): string[] {
  const items = "items" in terms ? Object.keys(terms.items) : [];
  const gift = "sku" in terms ? [terms.sku] : [];
  return [...new Set([...(scope?.skus ?? []), ...items, ...gift])];
}

/** How many units of a product a flash sale began with. */
export function unitsOf({ terms }: CampaignAnswer, sku: string): number {
  return "items" in terms ? (terms.items[sku]?.units ?? 0) : 0;
}
