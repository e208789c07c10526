import { expect, test } from "vitest";
import { claimsOf, isLocal, may, ownPath, type Role, signedInLately, type User } from "./session";

function user(...roles: Role[]): User {
  return { memberId: "m", name: "n", roles: new Set(roles) };
}

test("K5 after a sign-in nobody is led to another origin", () => {
  expect(ownPath("/orders/ord_1?x=1#y")).toBe("/orders/ord_1?x=1#y");
  for (const bad of [
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "",
    undefined,
    "/callback?code=1",
  ])
    expect(ownPath(bad)).toBe("/");
});

test("K5 a tab leaves by itself for as long as the hosted page knows a browser, and no longer", () => {
  const now = 1_800_000_000_000;
  expect(signedInLately(String(now), now)).toBe(true);
  expect(signedInLately(String(now - 3_599_000), now)).toBe(true);
  expect(signedInLately(String(now - 3_600_000), now)).toBe(false);
  expect(signedInLately(String(now + 1), now)).toBe(false);
  for (const nonsense of ["x", "NaN", "Infinity"]) expect(signedInLately(nonsense, now)).toBe(false);
});

test("K5 only loopback is spoken to without TLS", () => {
  expect(isLocal("http://127.0.0.1:4566")).toBe(true);
  expect(isLocal("http://abc.cloudfront.localhost:4566/")).toBe(true);
  expect(isLocal("http://localhost.example")).toBe(false);
  expect(isLocal("http://notlocalhost")).toBe(false);
  expect(isLocal("https://sign-in.example")).toBe(false);
});

test("K7 the group staff is clerk, marketing and finance, an admin is everything, a shopper nothing", () => {
  expect(may(user("staff"), "clerk")).toBe(true);
  expect(may(user("staff"), "admin")).toBe(false);
  expect(may(user("admin"), "finance")).toBe(true);
  expect(may(user("clerk", "finance"), "marketing")).toBe(false);
  expect(may(user(), "clerk", "marketing", "finance", "admin")).toBe(false);
  expect(may(null, "clerk")).toBe(false);
});

test("K5 what a token says is read with its Chinese names, and nonsense says nothing", () => {
  const part = btoa(String.fromCharCode(...new TextEncoder().encode('{"username":"小红"}'))).replace(
    /=+$/,
    "",
  );
  expect(claimsOf(`a.${part}.c`)).toEqual({ username: "小红" });
  expect(claimsOf("nonsense")).toEqual({});
  expect(claimsOf("a.%%%.c")).toEqual({});
});
