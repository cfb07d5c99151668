import { useState } from "react";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

/** useTheme is the theme that was chosen in this browser, and what changes it. index.html applies it first. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState<Theme>(() => (localStorage.getItem("theme") as Theme | null) ?? "system");
  return [
    theme,
    (next) => {
      const root = document.documentElement;
      if (next === "system") {
        localStorage.removeItem("theme");
        delete root.dataset.theme;
      } else {
        localStorage.setItem("theme", next);
        root.dataset.theme = next;
      }
      setTheme(next);
    },
  ];
}
