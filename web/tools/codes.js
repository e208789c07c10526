// Writes the codes of problems, as docs/openapi.json names them, as a type: a code without a text is then an error.
import { readFileSync, writeFileSync } from "node:fs";

const document = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
const codes = new Set();
for (const operations of Object.values(document.paths)) {
  for (const operation of Object.values(operations)) {
    for (const [status, response] of Object.entries(operation.responses ?? {})) {
      if (Number(status) < 400) continue;
      for (const [, code] of response.description.matchAll(/`([a-z][a-z0-9_]*)`/g)) codes.add(code);
    }
  }
}
if (codes.size < 50) throw new Error(`only ${codes.size} codes are named in docs/openapi.json`);
const union = [...codes].sort().map((code) => `  | "${code}"`);
writeFileSync(
  new URL("../shared/src/api/codes.ts", import.meta.url),
  `// Written by tools/codes.js from docs/openapi.json.\nexport type Code =\n${union.join("\n")};\n`,
);
