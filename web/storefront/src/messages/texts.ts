import { createTexts } from "@shared/i18n/i18n";
import { en } from "./en";
import { zh } from "./zh";

/** What the storefront says. */
export const useTexts = createTexts(zh, en);
