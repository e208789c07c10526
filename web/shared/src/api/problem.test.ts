import { expect, test } from "vitest";
import { asProblem, Problem, pauseMilliseconds, problemOf, sendAgain } from "./problem";

test("K3 a problem keeps its code, what it brings besides, and the id to find it by", async () => {
  const body = {
    type: "t",
    title: "Conflict",
    status: 409,
    detail: "No.",
    code: "insufficient_stock",
    skus: ["a"],
  };
  const problem = await problemOf(
    new Response(JSON.stringify(body), { status: 409, headers: { "x-request-id": "r-1" } }),
  );
  expect(problem.code).toBe("insufficient_stock");
  expect(problem.more.skus).toEqual(["a"]);
  expect(problem.requestId).toBe("r-1");
  expect(problem.again).toBe(false);
});

test.each([
  [401, "gateway_401"],
  [429, "gateway_429"],
  [502, "gateway_5xx"],
  [504, "gateway_5xx"],
  [418, "unknown"],
])("K3 the gateway's own %i is told by its status", async (status, code) => {
  expect((await problemOf(new Response("<html>", { status }))).code).toBe(code);
});

test("R1 what may be sent again is, a few times, and no sooner than was said", () => {
  const busy = new Problem(503, "try_again", {}, new Headers({ "retry-after": "3" }));
  expect(sendAgain(0, busy)).toBe(true);
  expect(sendAgain(4, busy)).toBe(false);
  expect(pauseMilliseconds(0, busy)).toBeGreaterThanOrEqual(3000);
  expect(sendAgain(0, new Problem(409, "quote_changed"))).toBe(false);
  expect(sendAgain(0, new TypeError("Failed to fetch"))).toBe(true);
});

test("K3 what nobody foresaw is a problem without a word of its own", () => {
  expect(asProblem(new Error("x")).code).toBe("unknown");
});
