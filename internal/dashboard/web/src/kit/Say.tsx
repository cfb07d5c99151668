// What has just happened, at the bottom of the page and for screen readers, with a button to undo it. It stays until
// it is closed or something else happens, so nobody has to be quick.
import { createContext, useCallback, useContext, useState, type ReactNode } from "react";
import { Button } from "./Button";
import { CloseIcon } from "./icons";
import { useText } from "../text";
import "./say.css";

type Said = { text: string; bad?: boolean; act?: { label: string; run: () => Promise<void> | void } };

const Saying = createContext<(said: Said | null) => void>(() => {});

/** useSay returns a function that shows a message. */
export const useSay = () => useContext(Saying);

export function Say({ children }: { children: ReactNode }) {
  const { t } = useText();
  const [said, setSaid] = useState<Said | null>(null);
  const [busy, setBusy] = useState(false);
  const say = useCallback((next: Said | null) => {
    setBusy(false);
    setSaid(next);
  }, []);
  const act = async () => {
    setBusy(true);
    await said?.act?.run();
    setBusy(false);
  };
  return (
    <Saying.Provider value={say}>
      {children}
      <div className="said" role="status" aria-live="polite" data-shown={said !== null}>
        {said && (
          <div className="said-card" data-bad={said.bad}>
            <span className="grow">{said.text}</span>
            {said.act && (
              <Button look="quiet" busy={busy} onPress={act}>
                {said.act.label}
              </Button>
            )}
            <Button look="quiet" aria-label={t("close")} onPress={() => setSaid(null)}>
              <CloseIcon />
            </Button>
          </div>
        )}
      </div>
    </Saying.Provider>
  );
}
