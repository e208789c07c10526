import type { CaseAnswer } from "@shared/api/schema";

export type Act = "approve" | "refuse" | "receive" | "answer" | "settle";

/** What the shop can do with a case that stands so (A2, A4, A9). */
export function actsOf({ kind, state, settlement }: CaseAnswer): readonly Act[] {
  if (kind === "complaint") {
    const settles: readonly Act[] =
      settlement === null && (state === "requested" || state === "answered") ? ["settle"] : [];
    return state === "requested" ? ["answer", ...settles] : settles;
  }
  if (state === "requested" || state === "disputed") return ["approve", "refuse"];
  const comesBack = kind === "return" || kind === "exchange";
  return comesBack && (state === "approved" || state === "shipped_back") ? ["receive"] : [];
}
