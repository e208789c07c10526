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
      face: texts.face,
      rate: texts.rate,
      max_off: texts.maxOff,
      min: texts.min,
      skus: parts.skus,
      except: parts.except,
      days: texts.days,
      from: texts.from,
      until: texts.until,
      total: texts.total,
      per_member: texts.perMember,
    },
    sent: {
      template_id: texts.id,
      name: texts.name,
      kind: texts.kind,
      face_value_fen: texts.face,
      rate: texts.rate,
      max_off_fen: texts.maxOff,
      min_fen: texts.min,
      scope: parts.scope,
      except_skus: parts.except,
      tiers: parts.tiers,
      valid: texts.valid,
      "limits.total": texts.total,
      "limits.per_member": texts.perMember,
    },
  };
}
