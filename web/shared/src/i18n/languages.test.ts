import { expect, test } from "vitest";
import { en as consoleEn } from "../../../console/src/messages/en";
import { zh as consoleZh } from "../../../console/src/messages/zh";
import { en as shopEn } from "../../../storefront/src/messages/en";
import { zh as shopZh } from "../../../storefront/src/messages/zh";
import { en } from "./common.en";
import { zh } from "./common.zh";

const CHINESE = /\p{Script=Han}/u;

/** Every text of a set of messages, by where it stands; those that take something are given a sign for it. */
function texts(of: object, at = ""): [string, string][] {
  return Object.entries(of).flatMap(([name, value]): [string, string][] => {
    const where = `${at}${name}`;
    if (typeof value === "string") return [[where, value]];
    if (typeof value === "function") return [[where, String(value("1", "1", "1"))]];
    return texts(value as object, `${where}.`);
  });
}

/** Names, and what is the same in both languages. */
const ALIKE = new Set(["provider.stripe", "me.changed"]);

test.each([
  ["both apps", zh, en],
  ["the storefront", shopZh, shopEn],
  ["the console", consoleZh, consoleEn],
])("K3 %s: the Chinese texts are Chinese, and the English ones are not", (_, chinese, english) => {
  const found = texts(chinese);
  expect(found.length).toBeGreaterThan(10);
  expect(
    found.filter(([where, text]) => !CHINESE.test(text) && !ALIKE.has(where) && /[a-z]{3}/i.test(text)),
  ).toEqual([]);
  expect(texts(english).filter(([, text]) => CHINESE.test(text))).toEqual([]);
});

test("K3 both languages say something different of each problem", () => {
  const same = Object.entries(zh.problems).filter(([code, text]) => en.problems[code as "conflict"] === text);
  expect(same).toEqual([]);
});

test("K2 a rate is said as each language says it", () => {
  expect(["0.90", "0.85", "0.6", "0.05"].map(shopZh.off)).toEqual(["9 折", "8.5 折", "6 折", "0.5 折"]);
  expect(["0.90", "0.85", "0.6", "0.05"].map(shopEn.off)).toEqual([
    "10 % off",
    "15 % off",
    "40 % off",
    "95 % off",
  ]);
});
