import { useState } from "react";
import { useChange } from "../../api/use";
import { RenameGroupDocument, type GroupChoiceFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";

/** Gives a group another name, and offers to take that back. */
export function Rename({ group, onDone }: { group: GroupChoiceFragment; onDone: () => void }) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const [name, setName] = useState(group.name);
  const [busy, setBusy] = useState(false);
  const rename = (to: string) => change(RenameGroupDocument, { input: { id: group.id, name: to } });
  const save = async () => {
    setBusy(true);
    const done = await rename(name.trim());
    setBusy(false);
    if (!done) return;
    const undo = async () => {
      if (await rename(group.name)) say({ text: t("groups.renamed", { name: group.name }) });
    };
    say({ text: t("groups.renamed", { name: name.trim() }), act: { label: t("undo"), run: undo } });
    onDone();
  };
  return (
    <Window
      title={t("groups.rename")}
      onClose={onDone}
      foot={
        <Button look="primary" busy={busy} isDisabled={!name.trim() || name.trim() === group.name} onPress={save}>
          {t("save")}
        </Button>
      }
    >
      <Field label={t("newGroup.name")} value={name} onChange={setName} maxLength={190} autoFocus />
    </Window>
  );
}
