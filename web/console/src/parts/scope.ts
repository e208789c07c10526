/** What an offer is about, as it is typed and as it is sent. */
import type { CampaignAnswer, TemplateRequest } from "@shared/api/schema";
import { isSku } from "../pages/products/form";
import { idsIn } from "./lists";

export interface ScopeForm {
  readonly of: "all" | "zone" | "skus";
  readonly skus: string;
  readonly except: string;
}

export type Scope = TemplateRequest["scope"];

export const EVERYTHING: ScopeForm = { of: "all", skus: "", except: "" };
const SKUS_MAX = 200;

export function scopeFormOf(
  scope: CampaignAnswer["scope"],
  except: readonly string[] | null | undefined,
): ScopeForm {
  return {
    of: scope?.all ? "all" : scope?.zone ? "zone" : "skus",
    skus: (scope?.skus ?? []).join(", "),
    except: (except ?? []).join(", "),
  };
}

/** Returns what is sent of it, or which of its fields is wrong. */
export function scopeOf(
  form: ScopeForm,
): { scope: Scope; except_skus?: string[] } | { wrong: "skus" | "except" } {
  const skus = idsIn(form.skus);
  const except = idsIn(form.except);
  const right = (ids: readonly string[]) => ids.length <= SKUS_MAX && ids.every(isSku);
  if (form.of === "skus" && (skus.length === 0 || !right(skus))) return { wrong: "skus" };
  if (!right(except)) return { wrong: "except" };
  const scope: Scope = form.of === "all" ? { all: true } : form.of === "zone" ? { zone: true } : { skus };
  return { scope, ...(except.length > 0 && { except_skus: except }) };
}
