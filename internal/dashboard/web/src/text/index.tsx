// The texts of the dashboard, in the language of the person.
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { I18nProvider } from "react-aria-components";
import { IntlProvider, useIntl, type IntlShape } from "react-intl";
import { en } from "./en";
import { es } from "./es";

/** Key names a text. */
export type Key = keyof typeof en;
/** A language has all of them, or TypeScript complains. */
export type Texts = Record<Key, string>;

export const languages = { en: "English", es: "Español" } as const;
export type Language = keyof typeof languages;
const texts: Record<Language, Texts> = { en, es };

type Values = Record<string, string | number | Date | null | undefined>;
export type Translate = (key: Key, values?: Values) => string;

const Choice = createContext<[Language, (language: Language) => void]>(["en", () => {}]);

/** useLanguage is the language and what changes it. */
export const useLanguage = () => useContext(Choice);

function preferred(): Language {
  const kept = localStorage.getItem("language");
  if (kept === "en" || kept === "es") return kept;
  return navigator.language.startsWith("es") ? "es" : "en";
}

/** A text of more letters, to see that nothing is cut off: ?pseudo in the address. */
const pseudo = new URLSearchParams(location.search).has("pseudo");
const longer = (text: string) => `${text} ${"ůä".repeat(Math.ceil(text.length / 5))}`;

export function Language({ children }: { children: ReactNode }) {
  const [language, setLanguage] = useState(preferred);
  useEffect(() => void (document.documentElement.lang = language), [language]);
  const choose = (next: Language) => {
    localStorage.setItem("language", next);
    setLanguage(next);
  };
  return (
    <Choice.Provider value={[language, choose]}>
      <IntlProvider locale={language} messages={texts[language]}>
        <I18nProvider locale={language === "es" ? "es-ES" : "en-US"}>{children}</I18nProvider>
      </IntlProvider>
    </Choice.Provider>
  );
}

/** useText returns t, which formats a text, and the formats of numbers and dates. */
export function useText(): {
  t: Translate;
  intl: IntlShape;
  number: (n: number) => string;
  day: (at: string) => string;
} {
  const intl = useIntl();
  return useMemo(
    () => ({
      intl,
      t: (key, values) => {
        const text = intl.formatMessage({ id: key }, values) as string;
        return pseudo ? longer(text) : text;
      },
      number: (n) => intl.formatNumber(n),
      day: (at) => intl.formatDate(at, { day: "numeric", month: "short", year: "numeric" }),
    }),
    [intl],
  );
}

/** refusalText says why something was refused: in Spanish by the code, if it is known; otherwise as the server does. */
export function useRefusal(): (error: { code?: string; message: string }) => string {
  const intl = useIntl();
  return (error) => {
    const known = intl.messages[`refusal.${error.code}`];
    return intl.locale !== "en" && typeof known === "string" ? known : error.message;
  };
}
