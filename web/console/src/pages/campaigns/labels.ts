import type { FieldLabels } from "@shared/ui/faults";
import { useParts } from "../../parts/texts";
import type { Field } from "./form";
import { useTexts } from "./texts";

/** What the fields are called: those that are typed, and those that are sent. */
export function useLabels(): { typed: Readonly<Record<Field, string>>; sent: FieldLabels } {
  const texts = useTexts();
  const parts = useParts();
  return {
    typed: {
      name: texts.name,
      starts: texts.starts,
      ends: texts.ends,
      skus: parts.skus,
      except: parts.except,
      group: texts.group,
      rate: texts.rate,
      items: texts.items,
      per_member: texts.perMember,
      steps: texts.steps,
      max_off: texts.maxOff,
      gift_from: texts.giftFrom,
      gift_sku: texts.giftSku,
      gift_quantity: texts.giftQuantity,
      limit_orders: texts.limitOrders,
      limit_member: texts.limitMember,
      limit_budget: texts.limitBudget,
    },
    sent: {
      campaign_id: texts.id,
      name: texts.name,
      starts_at: texts.starts,
      ends_at: texts.ends,
      scope: parts.scope,
      except_skus: parts.except,
      tiers: parts.tiers,
      tier: texts.previewTier,
      at: texts.previewAt,
      lines: texts.preview,
      group: texts.group,
      "terms.rate": texts.rate,
      "terms.items": texts.items,
      "terms.per_member": texts.perMember,
      "terms.steps": texts.steps,
      "terms.max_off_fen": texts.maxOff,
      "terms.from_fen": texts.giftFrom,
      "terms.sku": texts.giftSku,
      "terms.quantity": texts.giftQuantity,
      terms: texts.terms,
      "limits.orders": texts.limitOrders,
      "limits.per_member": texts.limitMember,
      "limits.budget_fen": texts.limitBudget,
    },
  };
}
