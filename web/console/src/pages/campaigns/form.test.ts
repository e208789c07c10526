import type { CampaignAnswer, CampaignRequest } from "@shared/api/schema";
import { expect, test } from "vitest";
import examples from "../../../../../docs/examples.json";
import { type CampaignForm, formOf, KINDS, newForm, putAgain, requestOf } from "./form";

const ZONE = "Asia/Shanghai";
const PUT = examples.examples.put_campaign as unknown as Record<
  string,
  { body: CampaignRequest; answer: CampaignAnswer; status: number }
>;
const MADE = ["discount", "flash", "spend_save", "gift"].map((name) => PUT[name]);

function request(form: Partial<CampaignForm> & Pick<CampaignForm, "kind">) {
  const told = { name: "n", starts: "2026-12-11T00:00", ends: "2026-12-13T00:00", ...form };
  return requestOf({ ...newForm(form.kind), ...told }, ZONE);
}

test.each(MADE.map((each) => [each?.body.kind, each] as const))(
  "K1 a %s that was put goes into the form and back without a change",
  (_, example) => {
    if (example === undefined) throw new Error("there is no such example");
    const told = requestOf(formOf(example.answer, ZONE), ZONE);
    if ("wrong" in told) throw new Error(JSON.stringify(told.wrong));
    // What the API takes as said where it is not is said by the form: hence no more than this is asked.
    expect(told.request).toMatchObject(example.body);
  },
);

test("K1 there is a form for each of the four kinds", () => {
  expect(MADE.map((each) => each?.body.kind)).toEqual(KINDS);
});

test("K1 yuan that are typed are exact fen, and the store's time has its offset", () => {
  const told = request({ kind: "spend_save", steps: [{ key: 1, from: "299.99", off: "￥０.0１" }] });
  expect(told).toEqual({
    request: {
      name: "n",
      kind: "spend_save",
      starts_at: "2026-12-11T00:00:00+08:00",
      ends_at: "2026-12-13T00:00:00+08:00",
      status: "active",
      scope: { all: true },
      with_coupons: true,
      with_points: true,
      terms: { steps: [{ from_fen: 29_999, off_fen: 1 }], repeat: false },
    },
  });
});

test("V1 what is of another kind is not sent", () => {
  const flash = request({
    kind: "flash",
    group: "g",
    scope: { of: "skus", skus: "!", except: "" },
    items: [{ key: 1, sku: "cup", price: "99", units: "20" }],
  });
  expect(flash).toMatchObject({ request: { terms: { items: { cup: { price_fen: 9900, units: 20 } } } } });
  if ("wrong" in flash) throw new Error();
  expect(Object.keys(flash.request).sort()).toEqual(
    ["ends_at", "kind", "name", "stacks", "starts_at", "status", "terms"].sort(),
  );
});

test.each([
  ["an end before its start", { kind: "discount", rate: "0.9", ends: "2026-12-10T00:00" }, { ends: true }],
  ["a rate of one", { kind: "discount", rate: "1.0" }, { rate: true }],
  ["a rate of nothing", { kind: "discount", rate: "0.0000" }, { rate: true }],
  ["a sku twice", { kind: "flash", items: twice("cup", "cup") }, { items: true }],
  [
    "a step that takes more than it asks",
    { kind: "spend_save", steps: steps(["10", "11"]) },
    { steps: true },
  ],
  [
    "steps that do not rise",
    { kind: "spend_save", steps: steps(["300", "50"], ["500", "50"]) },
    { steps: true },
  ],
  [
    "a cap of part of a fen",
    { kind: "spend_save", steps: steps(["300", "50"]), repeat: true, max_off: "1.005" },
    { max_off: true },
  ],
  [
    "a gift of nothing",
    { kind: "gift", gift_from: "", gift_sku: "", gift_quantity: "0" },
    { gift_from: true, gift_sku: true, gift_quantity: true },
  ],
  [
    "limits that are none",
    { kind: "discount", rate: "0.9", limit_orders: "0", limit_member: "x", limit_budget: "-1" },
    { limit_orders: true, limit_member: true, limit_budget: true },
  ],
  ["a group with a space", { kind: "gift", ...gift(), group: "a b" }, { group: true }],
  [
    "no products",
    { kind: "discount", rate: "0.9", scope: { of: "skus", skus: " ", except: "" } },
    { skus: true },
  ],
] as const)("K3 %s is said beside its field", (_, form, wrong) => {
  expect(request(form as Partial<CampaignForm> & Pick<CampaignForm, "kind">)).toEqual({ wrong });
});

function twice(...skus: string[]) {
  return skus.map((sku, key) => ({ key, sku, price: "1", units: "1" }));
}

function steps(...told: [string, string][]) {
  return told.map(([from, off], key) => ({ key, from, off }));
}

function gift() {
  return { gift_from: "399", gift_sku: "cup", gift_quantity: "1" };
}

test("V4 several steps do not repeat, whatever was chosen before the second", () => {
  const told = request({
    kind: "spend_save",
    steps: steps(["300", "50"], ["500", "100"]),
    repeat: true,
    max_off: "1",
  });
  expect(told).toMatchObject({ request: { terms: { repeat: false } } });
  if ("wrong" in told) throw new Error();
  expect(told.request.terms).not.toHaveProperty("max_off_fen");
});

test("K1 to pause and to end is to put it again with that alone changed, to the second", () => {
  const gift = PUT.gift?.answer;
  if (gift === undefined) throw new Error("there is no such example");
  const ends = "2026-12-12T10:00:01+08:00";
  const paused = putAgain(gift, ZONE, { status: "paused" });
  expect(paused).toMatchObject({ status: "paused", starts_at: gift.starts_at, ends_at: gift.ends_at });
  expect(putAgain(gift, ZONE, { ends_at: ends })).toEqual({ ...paused, status: gift.status, ends_at: ends });
});
