import { RIGHTS } from "@shared/api/rights";
import type { Role, User } from "@shared/session/session";
import { expect, test } from "vitest";
import document from "../../../docs/openapi.json";
import { PAGES } from "./pages";
import { can, type Right } from "./rights";

function user(...roles: Role[]): User {
  return { memberId: "m", name: "n", roles: new Set(roles) };
}

function seen(...roles: Role[]): string[] {
  return PAGES.filter((page) => can(user(...roles), ...page.needs)).map((page) => page.path);
}

test("K7 a clerk ships and takes back, and neither adjusts points nor puts campaigns", () => {
  expect(can(user("clerk"), "ship_order")).toBe(true);
  expect(can(user("clerk"), "return_units")).toBe(true);
  expect(can(user("clerk"), "adjust_points")).toBe(false);
  expect(can(user("clerk"), "put_campaign")).toBe(false);
});

test("K7 several groups may do what any of them may, an admin everything, a shopper nothing", () => {
  const rights = Object.keys(RIGHTS) as Right[];
  expect(can(user("clerk", "marketing"), "put_campaign")).toBe(true);
  expect(rights.filter((right) => !can(user("admin"), right))).toEqual([]);
  expect(rights.filter((right) => can(user(), right))).toEqual([]);
  expect(can(null, "get_products")).toBe(false);
});

test("K7 each right is exactly the one that the document names", () => {
  const paths = Object.values(document.paths) as Record<
    string,
    { operationId: string; "x-roles"?: Role[] }
  >[];
  const told = paths.flatMap((item) => Object.values(item)).filter((each) => each["x-roles"] !== undefined);
  expect(told.length).toBeGreaterThan(40);
  for (const each of told) expect(RIGHTS[each.operationId as Right]).toEqual(each["x-roles"]);
});

test("K7 the navigation is what a role's work is", () => {
  expect(seen("marketing")).toEqual([
    "/",
    "/products",
    "/products/:sku",
    "/campaigns",
    "/campaigns/new",
    "/campaigns/:campaignId",
    "/campaigns/:campaignId/edit",
    "/coupons",
    "/coupons/:templateId",
  ]);
  expect(seen("clerk")).not.toContain("/campaigns");
  expect(seen("clerk")).toContain("/cases");
  expect(seen("finance")).toContain("/reports");
  expect(seen("finance")).not.toContain("/jobs");
  for (const role of ["staff", "clerk", "marketing", "finance"] as const)
    for (const path of ["/policy", "/jobs", "/audit"]) expect(seen(role)).not.toContain(path);
  expect(seen("admin")).toEqual(PAGES.map((page) => page.path));
});
