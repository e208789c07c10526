// Writes which roles may do what, as docs/openapi.json says it of each operation (K7): what a role may not do it does not see.
import { readFileSync, writeFileSync } from "node:fs";

const document = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"));
const rights = [];
for (const operations of Object.values(document.paths)) {
  for (const operation of Object.values(operations)) {
    const refused = operation.responses?.["403"]?.description ?? "";
    // What is refused to some and named for no role is an admin's alone.
    const roles = operation["x-roles"] ?? (refused.includes("`forbidden`") ? ["admin"] : null);
    if (roles !== null) rights.push([operation.operationId, roles]);
  }
}
if (rights.length < 40)
  throw new Error(`only ${rights.length} operations of docs/openapi.json are for roles`);
const lines = rights.sort().map(([id, roles]) => `  ${id}: ${JSON.stringify(roles)},`);
writeFileSync(
  new URL("../shared/src/api/rights.ts", import.meta.url),
  `// Written by tools/rights.js from docs/openapi.json.\nexport const RIGHTS = {\n${lines.join("\n")}\n} as const;\nexport type Right = keyof typeof RIGHTS;\n`,
);
