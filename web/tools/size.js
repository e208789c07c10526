// Fails when the first page of an app is more than 250 kB, compressed (K4): its HTML, and all scripts and styles it loads at once.
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const KILOBYTES_MAX = 250;
const BYTES_A_KILOBYTE = 1000;

function firstPage(dist) {
  const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));
  const files = new Set(["index.html"]);
  const add = (key) => {
    const chunk = manifest[key];
    if (files.has(chunk.file)) return;
    files.add(chunk.file);
    for (const each of chunk.css ?? []) files.add(each);
    for (const each of chunk.imports ?? []) add(each);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) add(key);
  return [...files];
}

let failed = false;
for (const name of process.argv.slice(2).length ? process.argv.slice(2) : ["storefront", "console"]) {
  const dist = new URL(`../${name}/dist/`, import.meta.url);
  if (!existsSync(dist)) continue;
  const bytes = firstPage(dist).reduce(
    (sum, each) => sum + gzipSync(readFileSync(new URL(each, dist))).length,
    0,
  );
  const kilobytes = bytes / BYTES_A_KILOBYTE;
  console.log(
    `${name}: the first page is ${kilobytes.toFixed(1)} kB, compressed; ${KILOBYTES_MAX} kB are the most`,
  );
  failed ||= kilobytes > KILOBYTES_MAX;
}
process.exit(failed ? 1 : 0);
