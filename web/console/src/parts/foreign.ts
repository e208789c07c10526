import { useWords } from "@shared/i18n/i18n";

/** Says an amount that may be of another currency: then as its provider counts it, in its smallest unit. */
export function useForeign(): (amount: number | null, currency: string | null) => string {
  const { yuan, number } = useWords();
  return (amount, currency) => {
    if (amount === null) return "—";
    return currency === null || currency === "CNY" ? yuan(amount) : `${number(amount)} ${currency}`;
  };
}
