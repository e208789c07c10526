import type { CampaignAnswer, CampaignRequest } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useParts } from "../../parts/texts";
import { useTexts } from "./texts";

type Campaign = CampaignRequest | CampaignAnswer;
type Row = readonly [name: string, value: string];

/** Says what is put of a campaign, a line each: beside one another two of them show what changes. */
export function useSaid(): (campaign: Campaign) => Row[] {
  const texts = useTexts();
  const parts = useParts();
  const { campaignKind } = useCommon();
  const { exactly, number, yuan } = useWords();
  const yes = (is: boolean | null | undefined) => (is === false ? parts.no : parts.yes);

  function termsOf(terms: Campaign["terms"]): Row[] {
    if ("rate" in terms) return [[texts.rate, terms.rate]];
    if ("items" in terms)
      return [
        [
          texts.items,
          Object.entries(terms.items)
            .map(([sku, item]) => texts.itemSaid(sku, yuan(item.price_fen), number(item.units)))
            .join("\n"),
        ],
        [texts.perMember, number(terms.per_member)],
      ];
    if ("steps" in terms) {
      const cap = terms.max_off_fen == null ? "" : ` · ${texts.capped(yuan(terms.max_off_fen))}`;
      const steps = terms.steps.map((step) => texts.stepSaid(yuan(step.from_fen), yuan(step.off_fen)));
      return [[texts.steps, steps.join("\n") + (terms.repeat ? ` · ${texts.each}${cap}` : "")]];
    }
    return [[texts.terms, texts.giftSaid(yuan(terms.from_fen), terms.sku, terms.quantity)]];
  }

  function scopeOf({ scope, except_skus }: Campaign): Row[] {
    if (scope == null) return [];
    const skus = "skus" in scope ? scope.skus : null;
    const all = "all" in scope && scope.all ? parts.scopes.all : parts.scopes.zone;
    return [
      [parts.scope, skus ? skus.join(", ") : all],
      ...(except_skus?.length ? [[parts.except, except_skus.join(", ")] as const] : []),
    ];
  }

  function limitsOf({ limits }: Campaign): Row[] {
    const some = (value: number | null | undefined, write: (value: number) => string) =>
      value == null ? texts.any : write(value);
    return [
      [texts.limitOrders, some(limits?.orders, number)],
      [texts.limitMember, some(limits?.per_member, number)],
      [texts.limitBudget, some(limits?.budget_fen, yuan)],
    ];
  }

  return (campaign) => {
    const line = campaign.kind === "discount" || campaign.kind === "flash";
    return [
      [texts.name, campaign.name],
      [texts.kind, campaignKind[campaign.kind]],
      [texts.starts, exactly(campaign.starts_at)],
      [texts.ends, exactly(campaign.ends_at)],
      [texts.status, texts.statuses[campaign.status]],
      ...termsOf(campaign.terms),
      ...scopeOf(campaign),
      [parts.tiers, campaign.tiers?.join(", ") || texts.any],
      ...(line
        ? ([[texts.stacks, yes(campaign.stacks)]] as const)
        : ([
            [
              texts.group,
              campaign.group == null || campaign.group === "" || campaign.group === campaign.kind
                ? texts.sameKind(campaignKind[campaign.kind])
                : campaign.group,
            ],
            [texts.withCoupons, yes(campaign.with_coupons)],
            [texts.withPoints, yes(campaign.with_points)],
          ] as const)),
      ...limitsOf(campaign),
    ];
  };
}
