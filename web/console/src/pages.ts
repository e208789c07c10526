/**
 * The console's pages: where each is, who sees it, and what loads it. A page that a role may not see is not in the
 * navigation, and its address shows that there is no right to it; the API refuses all the same (K7).
 */
import type { Role } from "@shared/session/session";
import type { IconName } from "@shared/ui/icon";
import { type ComponentType, lazy } from "react";
import type { zh } from "./messages/zh";

export interface ConsolePage {
  readonly path: string;
  readonly title: keyof typeof zh.pages;
  readonly icon: IconName;
  readonly roles: readonly Role[];
  readonly page: ComponentType;
  /** A page under another one, such as that of a single order, stands in no navigation. */
  readonly hidden?: boolean;
}

export const PAGES: readonly ConsolePage[] = [
  {
    path: "/",
    title: "today",
    icon: "home",
    roles: ["clerk", "marketing", "finance"],
    page: lazy(() => import("./pages/today")),
  },
];
