/** The language, the zone and the look of the page, and how amounts and moments are written in them (K3). */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { I18nProvider } from "react-aria-components";
import { yuan } from "../money";
import { day, exactly, moment } from "../time";
import { type Form, keepLanguage, keptLanguage, type Language } from "./language";

interface Words {
  readonly language: Language;
  readonly zone: string;
  readonly setLanguage: (language: Language) => void;
  readonly yuan: (fen: number) => string;
  readonly moment: (text: string) => string;
  readonly exactly: (text: string) => string;
  readonly day: (text: string) => string;
  readonly number: (count: number) => string;
  /** Names in a row, as the language writes them. */
  readonly list: (names: readonly string[]) => string;
}

const Context = createContext<Words | null>(null);

export function LanguageProvider({ zone, children }: { zone: string; children: ReactNode }) {
  const [language, setKept] = useState<Language>(keptLanguage);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const setLanguage = useCallback((next: Language) => {
    keepLanguage(next);
    setKept(next);
  }, []);
  const words = useMemo<Words>(
    () => ({
      language,
      zone,
      setLanguage,
      yuan: (fen) => yuan(fen, language),
      moment: (text) => moment(text, language, zone),
      exactly: (text) => exactly(text, language, zone),
      day: (text) => day(text, language, zone),
      number: (count) => new Intl.NumberFormat(language).format(count),
      list: (names) => new Intl.ListFormat(language, { type: "conjunction" }).format(names),
    }),
    [language, zone, setLanguage],
  );
  return (
    <I18nProvider locale={language === "en" ? "en-US" : language}>
      <Context value={words}>{children}</Context>
    </I18nProvider>
  );
}

/** How things are written in the page's language. */
export function useWords(): Words {
  const words = useContext(Context);
  if (words === null) throw new Error("there is no LanguageProvider around this");
  return words;
}

/** Makes the hook that gives a set of messages in the page's language. */
export function createTexts<T>(zh: T, en: Form<T>): () => Form<T> {
  // biome-ignore lint/correctness/noComponentHookFactories: it is called once for each set, at the module's level
  return function useTexts(): Form<T> {
    return useWords().language === "en" ? en : (zh as Form<T>);
  };
}
