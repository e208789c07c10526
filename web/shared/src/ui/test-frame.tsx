/** What parts need around them in a unit test. */
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { LanguageProvider } from "../i18n/i18n";
import type { Language } from "../i18n/language";

export function shown(children: ReactNode, language: Language = "zh-CN") {
  window.localStorage.setItem("memberday.language", language);
  return render(<LanguageProvider zone="Asia/Shanghai">{children}</LanguageProvider>);
}
