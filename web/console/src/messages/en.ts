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
  },
  today: {
    cases: "Cases to act on",
    casesNone: "No case waits for you",
    casesNoneHere: "New ones stand here by their deadline.",
    case: "Case",
    kind: "Kind",
    state: "State",
    order: "Order",
    due: "Due",
    overdue: "Overdue",
  },
};
