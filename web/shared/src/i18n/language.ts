/** Chinese first, English second (K3). */
export const LANGUAGES = ["zh-CN", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * The form of a set of messages: texts stay texts, and those that take something say what. The Chinese ones are
 * written down, the English ones have to have the same form: one that is missing, or too many, is an error of types.
 */
export type Form<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...taken: infer A) => string
      ? (...taken: A) => string
      : Form<T[K]>;
};

const KEPT = "memberday.language";

export function keptLanguage(): Language {
  const kept = window.localStorage.getItem(KEPT);
  return LANGUAGES.find((each) => each === kept) ?? "zh-CN";
}

export function keepLanguage(language: Language): void {
  window.localStorage.setItem(KEPT, language);
}
