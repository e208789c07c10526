import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEPT = "memberday.theme";
const Context = createContext<{ theme: Theme; setTheme: (theme: Theme) => void } | null>(null);

/** Keeps the look that was chosen, and follows the system's where none was. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const [theme, setKept] = useState<Theme>(() => {
    const kept = window.localStorage.getItem(KEPT);
    return THEMES.find((each) => each === kept) ?? "auto";
  });
  useEffect(() => {
    const system = window.matchMedia("(prefers-color-scheme: dark)");
    const show = () => {
      document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
    };
    show();
    system.addEventListener("change", show);
    return () => system.removeEventListener("change", show);
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
