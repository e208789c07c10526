import type { TemplateAnswer, TemplateRequest } from "@shared/api/schema";
import { expect, test } from "vitest";
import examples from "../../../../../docs/examples.json";
import { againOf, batchOf, codesOf, formOf, NEW, requestOf } from "./form";

const ZONE = "Asia/Shanghai";
const PUT = examples.examples.put_coupon_template as unknown as Record<
  string,
  { body: TemplateRequest; answer: TemplateAnswer }
>;

test.each(["amount", "rate"])(
  "K1 a template of kind %s goes into the form and back without a change",
  (kind) => {
    const example = PUT[kind];
    if (example === undefined) throw new Error("there is no such example");
    const told = requestOf(formOf(example.answer, ZONE), ZONE);
    expect(told).toMatchObject({ request: example.body });
  },
);

test("K1 typed yuan are exact fen, and only what its kind has is sent", () => {
  const told = requestOf({ ...NEW, name: "n", face: "20", min: "198.00", rate: "0.9", max_off: "7" }, ZONE);
  expect(told).toMatchObject({ request: { face_value_fen: 2000, min_fen: 19_800, valid: { days: 7 } } });
  if ("wrong" in told) throw new Error();
  expect(told.request).not.toHaveProperty("rate");
  expect(told.request).not.toHaveProperty("max_off_fen");
});

test("K3 each field says when it is wrong", () => {
  const wrong = { ...NEW, face: "0", min: "-1", days: "0", total: "0", per_member: "1001" };
  expect(requestOf(wrong, ZONE)).toEqual({
    wrong: { name: true, face: true, min: true, days: true, total: true, per_member: true },
  });
  const turned = {
    ...NEW,
    name: "n",
    kind: "rate" as const,
    rate: "1",
    max_off: "x",
    min: "0",
    valid: "between" as const,
    from: "2026-12-02T00:00",
    until: "2026-12-01T00:00",
  };
  expect(requestOf(turned, ZONE)).toEqual({ wrong: { rate: true, max_off: true, until: true } });
});

test("V9 the last usable second of a minute is its last", () => {
  const between = { ...NEW, name: "n", face: "1", min: "0", valid: "between" as const };
  const told = requestOf({ ...between, from: "2026-12-01T00:00", until: "2026-12-31T23:59" }, ZONE);
  expect(told).toMatchObject({
    request: { valid: { from: "2026-12-01T00:00:00+08:00", until: "2026-12-31T23:59:59+08:00" } },
  });
});

test("V10 codes are so many that work once, or one that so many may use", () => {
  const form = { kind: "unique", count: "3", code: "", limit: "" } as const;
  expect(codesOf(form, "b")).toEqual({ request: { batch_id: "b", count: 3 } });
  expect(codesOf({ ...form, count: "1001" }, "b")).toEqual({ wrong: { count: true } });
  const shared = { kind: "shared", count: "", code: "TEA-2026", limit: "500" } as const;
  expect(codesOf(shared, "b")).toEqual({ request: { batch_id: "b", code: "TEA-2026", limit: 500 } });
  expect(codesOf({ ...shared, code: "a--b", limit: "0" }, "b")).toEqual({
    wrong: { code: true, limit: true },
  });
});

test("V10 the codes of a batch are asked for again by its id alone", () => {
  const form = { kind: "unique", count: "12", code: "", limit: "" } as const;
  const batch = batchOf("batch-x1", form);
  expect(codesOf(form, batch)).toEqual({ request: againOf(` ${batch} `) });
  expect(againOf(batchOf("batch-x1", { ...form, kind: "shared" }))).toBeNull();
  expect(againOf("batch-x1-0")).toBeNull();
});
