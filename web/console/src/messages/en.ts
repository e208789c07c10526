import type { Form } from "@shared/i18n/language";
import type { zh } from "./zh";

export const en: Form<typeof zh> = {
  name: "Console",
  nav: "Main",
  stage: (stage) => `Stage ${stage}`,
  welcome: {
    title: "Console",
    lead: "Sign in with your staff account for orders, members, campaigns and after-sales.",
  },
  pages: {
    today: "Today",
    orders: "Orders",
    order: "An order",
    cases: "After-sales",
    case: "A case",
    members: "Members",
    member: "A member",
    products: "Products",
    product: "A product",
    campaigns: "Campaigns",
    campaign: "A campaign",
    campaignNew: "New campaign",
    campaignEdit: "Change a campaign",
    coupons: "Coupons",
    template: "A template",
    reports: "Reports",
    policy: "Policy",
    jobs: "Jobs",
    audit: "Audit",
  },
  /** What codes mean to staff, who have no cart. */
  problems: {
    order_not_found: "There is no such order. Check its id, or look for it under Orders.",
    case_not_found: "There is no such case. Check its id, or look for it under After-sales.",
    member_not_found: "There is no such member. Check the id, or look by name or phone under Members.",
    unknown_sku: "The catalogue has none of these. Look at their numbers.",
    insufficient_stock: "There is not enough in stock. Put some in, or ask for fewer.",
    product_withdrawn: "A product is withdrawn. Take another one, or put it on sale again.",
  },
};
