import { useState } from "react";
import type { Viewer } from "../../api/person";
import { BrandMark } from "../../frame/BrandMark";
import { languages, useLanguage, useText } from "../../text";
import { Door } from "./Door";
import { Forgotten } from "./Forgotten";
import "./sign-in.css";

/** The page of those who are not signed in. */
export function SignIn({ onDone }: { onDone: (viewer: Viewer) => void }) {
  const { t } = useText();
  const [language, setLanguage] = useLanguage();
  const [forgotten, setForgotten] = useState(false);
  return (
    <div className="porch">
      <main className="porch-door card">
        <BrandMark />
        {forgotten ? (
          <Forgotten onBack={() => setForgotten(false)} />
        ) : (
          <>
            <div className="stack porch-welcome">
              <h1>{t("signIn.title")}</h1>
              <p className="soft">{t("signIn.lead")}</p>
            </div>
            <Door onDone={onDone} onForgotten={() => setForgotten(true)} />
          </>
        )}
        <div className="row porch-foot" role="group" aria-label={t("language")}>
          {Object.entries(languages).map(([id, name]) => (
            <button
              key={id}
              type="button"
              lang={id}
              className="link"
              aria-pressed={id === language}
              onClick={() => setLanguage(id as "en")}
            >
              {name}
            </button>
          ))}
        </div>
      </main>
      <div className="porch-view" aria-hidden="true" />
    </div>
  );
}
