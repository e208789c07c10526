import type { TemplateAnswer, TemplateRequest } from "@shared/api/schema";
import { useWords } from "@shared/i18n/i18n";
import { useParts } from "../../parts/texts";
import { useTexts } from "./texts";

type Template = TemplateRequest | TemplateAnswer;
type Row = readonly [name: string, value: string];

/** Says what a template's coupons take off. */
export function useWorth(): (template: Template) => string {
  const texts = useTexts();
  const { yuan } = useWords();
  return ({ kind, face_value_fen, rate, max_off_fen }) => {
    if (kind === "amount") return texts.off(yuan(face_value_fen ?? 0));
    return texts.part(rate ?? "") + (max_off_fen == null ? "" : texts.capped(yuan(max_off_fen)));
  };
}

/** Says what is put of a template, a line each. */
export function useSaid(): (template: Template) => Row[] {
  const texts = useTexts();
  const parts = useParts();
  const worth = useWorth();
  const { exactly, number, yuan } = useWords();
  const yes = (is: boolean | undefined) => (is === true ? parts.yes : parts.no);
  const some = (count: number | null | undefined) => (count == null ? texts.any : number(count));
  return (template) => {
    const { scope, except_skus, valid, limits } = template;
    const skus = "skus" in scope ? scope.skus : null;
    const all = "all" in scope && scope.all ? parts.scopes.all : parts.scopes.zone;
    return [
      [texts.name, template.name],
      [texts.worth, worth(template)],
      [texts.min, yuan(template.min_fen)],
      [parts.scope, skus ? skus.join(", ") : all],
      ...(except_skus?.length ? [[parts.except, except_skus.join(", ")] as const] : []),
      [parts.tiers, template.tiers?.join(", ") || texts.any],
      [
        texts.valid,
        "days" in valid
          ? texts.daysSaid(number(valid.days))
          : texts.between(exactly(valid.from), exactly(valid.until)),
      ],
      [texts.total, some(limits?.total)],
      [texts.perMember, some(limits?.per_member)],
      [texts.claimable, yes(template.claimable)],
      [texts.exclusive, yes(template.exclusive)],
      [texts.forComplaints, yes(template.for_complaints)],
      [texts.status, texts.statuses[template.status]],
    ];
  };
}
