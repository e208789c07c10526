import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";

const CONTRAST_MIN = 4.5;
const css = readFileSync(resolve(import.meta.dirname, "tokens.css"), "utf8");

/** The tokens of one look and theme, the later rules over the earlier ones. */
function tokens(...selectors: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const selector of selectors) {
    const rule = css.split(`${selector} {`)[1]?.split("}")[0];
    if (rule === undefined) throw new Error(`there is no rule ${selector}`);
    for (const [, name, value] of rule.matchAll(/(--[a-z0-9-]+):\s*(#[0-9a-f]{6});/g))
      if (name !== undefined && value !== undefined) found.set(name, value);
  }
  return found;
}

function luminance(colour: string): number {
  const part = (at: number) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

const LIGHT = ":root";
const SHOP = ':root[data-look="shop"]';
const DARK = ':root[data-theme="dark"]';
const DARK_SHOP = ':root[data-theme="dark"][data-look="shop"]';
const PAIRS: readonly [string, string][] = [
  ...["--ink", "--ink-soft", "--accent", "--accent-deep", "--good", "--warn", "--bad", "--gold"].flatMap(
    (ink) => ["--page", "--surface", "--sunken"].map((ground): [string, string] => [ink, ground]),
  ),
  ["--accent-ink", "--accent"],
  ["--accent-ink", "--accent-deep"],
  ["--accent-deep", "--accent-soft"],
  ["--ink", "--accent-soft"],
  ...["good", "warn", "bad", "gold"].map((tone): [string, string] => [`--${tone}`, `--${tone}-soft`]),
  ...["good", "warn", "bad"].map((tone): [string, string] => ["--ink", `--${tone}-soft`]),
];

test.each([
  ["the console, light", [LIGHT]],
  ["the console, dark", [LIGHT, DARK]],
  ["the storefront, light", [LIGHT, SHOP]],
  ["the storefront, dark", [LIGHT, SHOP, DARK, DARK_SHOP]],
])("K3 every text of %s stands out from its ground", (_, selectors) => {
  const found = tokens(...selectors);
  const weak = PAIRS.map(([ink, ground]) => {
    const [one, other] = [found.get(ink), found.get(ground)];
    if (one === undefined || other === undefined) throw new Error(`${ink} or ${ground} is not there`);
    return { ink, ground, is: contrast(one, other) };
  }).filter((each) => each.is < CONTRAST_MIN);
  expect(weak).toEqual([]);
});
