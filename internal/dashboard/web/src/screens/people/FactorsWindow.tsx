import { useState } from "react";
import { useChange } from "../../api/use";
import { ResetPersonFactorsDocument, type PersonLineFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";

/** Removes the second factors of somebody who has lost them, after saying what that means. */
export function FactorsWindow({ person, onClose }: { person: PersonLineFragment; onClose: () => void }) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const [busy, setBusy] = useState(false);
  const { id, name } = person;
  const reset = async () => {
    setBusy(true);
    const done = await change(ResetPersonFactorsDocument, { id });
    setBusy(false);
    if (!done) return;
    say({ text: t("people.factors.done", { name }) });
    onClose();
  };
  return (
    <Window
      title={t("people.factors.title", { name })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy} onPress={reset}>
          {t("people.factors")}
        </Button>
      }
    >
      <p>{t("people.factors.means")}</p>
    </Window>
  );
}
