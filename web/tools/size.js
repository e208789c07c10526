// Fails when the first page of an app is more than 250 kB, compressed (K4): its HTML, and the scripts and styles it names.
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const KILOBYTES_MAX = 250;
const BYTES_A_KILOBYTE = 1000;
const APPS = ["storefront", "console"];

let failed = false;
for (const name of APPS) {
  const dist = new URL(`../${name}/dist/`, import.meta.url);
  if (!existsSync(new URL("index.html", dist))) continue;
  const page = readFileSync(new URL("index.html", dist), "utf8");
  // Vite names here what the entry imports, too, so that the browser asks for all of it at once.
  const named = [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, file]) => file);
  if (named.length === 0) throw new Error(`${name}: the page names no script`);
  const files = ["index.html", ...new Set(named)];
  const bytes = files.reduce((sum, each) => sum + gzipSync(readFileSync(new URL(each, dist))).length, 0);
  const kilobytes = bytes / BYTES_A_KILOBYTE;
  console.log(
    `${name}: the first page is ${kilobytes.toFixed(1)} kB, compressed; ${KILOBYTES_MAX} kB are the most`,
  );
  failed ||= kilobytes > KILOBYTES_MAX;
}
process.exit(failed ? 1 : 0);
