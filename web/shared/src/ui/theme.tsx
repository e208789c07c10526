import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "memberday.theme";
const Context = createContext<{ theme: Theme; setTheme: (theme: Theme) => void } | null>(null);

function kept(): Theme {
  const found = window.localStorage.getItem(KEPT);
  return THEMES.find((each) => each === found) ?? "auto";
}

function show(theme: Theme): void {
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = theme === "auto" ? (dark ? "dark" : "light") : theme;
}

/** Shows the look before anything is drawn, so that a dark page never flashes up light. */
export function showKeptTheme(): void {
  show(kept());
}

/** Keeps the look that was chosen, and follows the system's where none was. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, setKept] = useState<Theme>(kept);
  useEffect(() => {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const follow = () => show(theme);
    follow();
    system.addEventListener("change", follow);
    return () => system.removeEventListener("change", follow);
  }, [theme]);
  const value = useMemo(
    () => ({
      theme,
      setTheme: (next: Theme) => {
        window.localStorage.setItem(KEPT, next);
        setKept(next);
      },
    }),
    [theme],
  );
  return <Context value={value}>{children}</Context>;
}

export function useTheme() {
  const value = useContext(Context);
  if (value === null) throw new Error("there is no ThemeProvider around this");
  return value;
}
