/** What several pages ask: who the member is, what a product and a campaign are called. */
import { asProblem } from "@shared/api/problem";
import type { MemberAnswer, OfferAnswer, ProductAnswer } from "@shared/api/schema";
import { useApi } from "@shared/session/context";
import { useMemo } from "react";
import { useTexts } from "./messages/texts";

const NAMES_MILLISECONDS = 60_000;

/** The member, or null for somebody who has signed in and not registered yet. */
export function useMember() {
  const query = useApi().useQuery("get", "/members/me", {});
  const unregistered = query.error !== null && asProblem(query.error).code === "not_registered";
  const member: MemberAnswer | null | undefined = unregistered ? null : query.data;
  return { ...query, member };
}

export function useProduct(sku: string) {
  return useApi().useQuery("get", "/products/{sku}", { params: { path: { sku } } });
}

/** What stands where a name is about to: a number that is a name a moment later looks like a fault. */
export const UNTIL_NAMED = "…";

/** A product's name; its sku for what the catalogue has no more. */
export function useProductName(sku: string): string {
  const found = useApi().useQuery(
    "get",
    "/products/{sku}",
    { params: { path: { sku } } },
    { staleTime: NAMES_MILLISECONDS },
  );
  return found.data?.name ?? (found.isPending ? UNTIL_NAMED : sku);
}

export function useOffers() {
  return useApi().useQuery("get", "/offers", {}, { staleTime: NAMES_MILLISECONDS });
}

/** The campaigns that a member can still get something of. */
export function useRunning(): readonly OfferAnswer[] {
  const running = useOffers().data?.running;
  return useMemo(() => (running ?? []).filter((each) => each.used_up !== true), [running]);
}

/** Campaigns by their id, as far as they run for this member; of one that has ended only that it has is known. */
export function useCampaignNames(): (campaignId: string) => string {
  const { ended } = useTexts().offers;
  const { data: offers, isPending } = useOffers();
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const each of [...(offers?.running ?? []), ...(offers?.next ?? [])])
      names.set(each.campaign_id, each.name);
    return (campaignId) => names.get(campaignId) ?? (isPending ? UNTIL_NAMED : ended);
  }, [offers, isPending, ended]);
}

/** Why a price is what it is: the list price, the member day's, or a campaign's by its name. */
export function useWhy(): (priceOf: string | null) => string {
  const { why } = useTexts().catalogue;
  const nameOf = useCampaignNames();
  return (priceOf) => {
    if (priceOf === null || priceOf === "list") return why.list;
    return priceOf === "member_day" ? why.member_day : why.campaign(nameOf(priceOf));
  };
}

/** Whether a campaign sets what a unit costs, rather than taking something off the order. */
export function isLineOffer(offer: Pick<OfferAnswer, "kind">): boolean {
  return offer.kind === "discount" || offer.kind === "flash";
}

export function isCheaper(product: Pick<ProductAnswer, "price_fen" | "your_price_fen">): boolean {
  return product.your_price_fen < product.price_fen;
}
