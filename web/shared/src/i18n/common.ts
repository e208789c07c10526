import { en } from "./common.en";
import { zh } from "./common.zh";
import { createTexts } from "./i18n";

/** What both apps say. */
export const useCommon = createTexts(zh, en);
