import { useState } from "react";
import { useChange } from "../../api/use";
import { DisablePersonDocument, type PersonLineFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { useEnable } from "./useEnable";

/** Has an account closed, after saying what that means, and offers to open it again. */
export function DisableWindow({ person, onClose }: { person: PersonLineFragment; onClose: () => void }) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const enable = useEnable();
  const [busy, setBusy] = useState(false);
  const { id, name } = person;
  const disable = async () => {
    setBusy(true);
    const done = await change(DisablePersonDocument, { id });
    setBusy(false);
    if (!done) return;
    say({ text: t("people.disable.done", { name }), act: { label: t("undo"), run: () => enable(person) } });
    onClose();
  };
  return (
    <Window
      title={t("people.disable.title", { name })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy} onPress={disable}>
          {t("people.disable")}
        </Button>
      }
    >
      <p>{t("people.disable.means")}</p>
    </Window>
  );
}
