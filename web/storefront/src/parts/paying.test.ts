import { expect, test } from "vitest";
import { byCode, methodFor, PROVIDERS } from "./paying";

/** Methods that a page of a browser cannot pay by (docs/payments.md). */
const NOT_HERE = ["jsapi"];

test("Y2 what is offered is asked for by a method that a browser can pay by", () => {
  expect(methodFor("wechatpay", false)).toBe("default");
  expect(methodFor("wechatpay", true)).toBe("h5");
  expect(methodFor("alipay", false)).toBe("default");
  expect(methodFor("alipay", true)).toBe("wap");
  for (const provider of PROVIDERS)
    for (const method of [methodFor(provider, true), methodFor(provider, false), byCode(provider)])
      expect(NOT_HERE).not.toContain(method);
});

test("Y2 another device can scan a code of each provider", () => {
  expect(PROVIDERS.map(byCode)).toEqual(["qr", "default"]);
});
