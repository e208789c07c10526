import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WORDED } from "./job-words";
import { LANGUAGES, nameOf } from "./policy-words";

const EXAMPLES = readFileSync("../docs/examples.json", "utf8");

/** The values of a field, wherever it stands in the recorded answers. */
function valuesOf(field: string): string[] {
  const found = [...EXAMPLES.matchAll(new RegExp(`"${field}": "([^"]+)"`, "g"))];
  return [...new Set(found.map((each) => each[1] ?? ""))];
}

test.each(["zh", "en"] as const)("K1 each setting of the policy has a name in %s", (language) => {
  const settings = valuesOf("setting");
  expect(settings.length).toBeGreaterThan(50);
  expect(settings.filter((each) => nameOf(LANGUAGES[language], each) === null)).toEqual([]);
});

test("K1 a fault of a file is called as the setting is", () => {
  expect(nameOf(LANGUAGES.zh, "tiers.0.free_shipping_from_fen")).toBe("第 1 个等级 · 包邮门槛（元）");
  expect(nameOf(LANGUAGES.zh, "J2.above_fen")).toBe("J2 · 累计消费超过（元）");
  expect(nameOf(LANGUAGES.zh, "tiers.1")).toBe("第 2 个等级");
  expect(nameOf(LANGUAGES.zh, "toml")).toBeNull();
  expect(nameOf(LANGUAGES.zh, "J2.constructor")).toBeNull();
});

test("K1 each job has a name, and a sentence of what it does", () => {
  const jobs = [...EXAMPLES.matchAll(/"job": "([a-z-]+)",\s+"schedules"/g)].map((each) => each[1] ?? "");
  expect(jobs.length).toBeGreaterThan(10);
  expect(jobs.filter((each) => !WORDED.includes(each))).toEqual([]);
});
