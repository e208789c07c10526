/**
 * The console's pages: where each is, what one has to be allowed for it, and what loads it. A page that a role may
 * not see is not in the navigation, and its address shows that there is no right to it; the API refuses all the
 * same (K7).
 */
import type { IconName } from "@shared/ui/icon";
import { type ComponentType, lazy } from "react";
import type { zh } from "./messages/zh";
import type { Right } from "./rights";

export interface ConsolePage {
  readonly path: string;
  readonly title: keyof typeof zh.pages;
  readonly icon: IconName;
  /** One of these rights is enough. */
  readonly needs: readonly Right[];
  readonly page: ComponentType;
  /** A page under another one, such as that of a single order, stands in no navigation. */
  readonly hidden?: boolean;
}

const campaignForm = lazy(() => import("./pages/campaigns/edit"));

export const PAGES: readonly ConsolePage[] = [
  {
    path: "/",
    title: "today",
    icon: "home",
    needs: ["get_alarms"],
    page: lazy(() => import("./pages/today")),
  },
  {
    path: "/orders",
    title: "orders",
    icon: "box",
    needs: ["search_orders"],
    page: lazy(() => import("./pages/orders")),
  },
  {
    path: "/orders/:orderId",
    title: "order",
    icon: "box",
    needs: ["get_order"],
    page: lazy(() => import("./pages/orders/order")),
    hidden: true,
  },
  {
    path: "/cases",
    title: "cases",
    icon: "list",
    needs: ["get_cases"],
    page: lazy(() => import("./pages/cases")),
  },
  {
    path: "/cases/:caseId",
    title: "case",
    icon: "list",
    needs: ["get_case"],
    page: lazy(() => import("./pages/cases/case")),
    hidden: true,
  },
  {
    path: "/members",
    title: "members",
    icon: "person",
    needs: ["search_members"],
    page: lazy(() => import("./pages/members")),
  },
  {
    path: "/members/:memberId",
    title: "member",
    icon: "person",
    needs: ["get_member"],
    page: lazy(() => import("./pages/members/member")),
    hidden: true,
  },
  {
    path: "/products",
    title: "products",
    icon: "cart",
    needs: ["get_movements"],
    page: lazy(() => import("./pages/products")),
  },
  {
    path: "/products/:sku",
    title: "product",
    icon: "cart",
    needs: ["get_movements"],
    page: lazy(() => import("./pages/products/product")),
    hidden: true,
  },
  {
    path: "/campaigns",
    title: "campaigns",
    icon: "tag",
    needs: ["get_campaigns"],
    page: lazy(() => import("./pages/campaigns")),
  },
  {
    path: "/campaigns/new",
    title: "campaignNew",
    icon: "tag",
    needs: ["put_campaign"],
    page: campaignForm,
    hidden: true,
  },
  {
    path: "/campaigns/:campaignId",
    title: "campaign",
    icon: "tag",
    needs: ["get_campaign"],
    page: lazy(() => import("./pages/campaigns/campaign")),
    hidden: true,
  },
  {
    path: "/campaigns/:campaignId/edit",
    title: "campaignEdit",
    icon: "tag",
    needs: ["put_campaign"],
    page: campaignForm,
    hidden: true,
  },
  {
    path: "/coupons",
    title: "coupons",
    icon: "ticket",
    needs: ["get_coupon_templates"],
    page: lazy(() => import("./pages/coupons")),
  },
  {
    path: "/coupons/:templateId",
    title: "template",
    icon: "ticket",
    needs: ["get_coupon_template"],
    page: lazy(() => import("./pages/coupons/template")),
    hidden: true,
  },
  {
    path: "/reports",
    title: "reports",
    icon: "chart",
    needs: ["get_refunds"],
    page: lazy(() => import("./pages/reports")),
  },
  {
    path: "/policy",
    title: "policy",
    icon: "shield",
    needs: ["get_policy"],
    page: lazy(() => import("./pages/policy")),
  },
  {
    path: "/jobs",
    title: "jobs",
    icon: "clock",
    needs: ["get_jobs"],
    page: lazy(() => import("./pages/jobs")),
  },
  {
    path: "/audit",
    title: "audit",
    icon: "gear",
    needs: ["get_audit"],
    page: lazy(() => import("./pages/audit")),
  },
];
