import { useEffect, useState } from "react";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { CreateGroupDocument, type GroupChoiceFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { Field } from "../../kit/Field";
import { useText } from "../../text";

type Props = { name: string; school?: string; onMade: (group: GroupChoiceFragment) => void };

/** Creates a group in place. The text of a search without a result is the name. */
export function NewGroup({ name, school, onMade }: Props) {
  const { t } = useText();
  const change = useChange();
  const { viewer, organization } = usePerson();
  const schools = viewer.organizations.filter((o) => o.type === "SCHOOL");
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(name);
  const [at, setAt] = useState(organization.type === "SCHOOL" ? organization.id : (school ?? schools[0]?.id ?? ""));
  const [busy, setBusy] = useState(false);
  useEffect(() => setTyped(name), [name]);
  if (!open)
    return (
      <Button look="quiet" onPress={() => setOpen(true)}>
        {name ? t("newGroup.named", { name }) : t("newGroup")}
      </Button>
    );
  const make = async () => {
    setBusy(true);
    const done = await change(CreateGroupDocument, { input: { organizationId: at, name: typed.trim() } });
    setBusy(false);
    if (!done?.createGroup.group) return;
    onMade(done.createGroup.group);
    setOpen(false);
  };
  return (
    <div className="row new-group">
      <div className="grow">
        <Field label={t("newGroup.name")} value={typed} onChange={setTyped} maxLength={190} autoFocus />
      </div>
      {organization.type === "DISTRICT" && (
        <Choose
          label={t("school")}
          shown={schools.find(({ id }) => id === at)?.name}
          options={schools}
          chosen={[at]}
          onChoose={([id]) => id && setAt(id)}
        />
      )}
      <Button busy={busy} isDisabled={!typed.trim()} onPress={make}>
        {t("newGroup.make")}
      </Button>
    </div>
  );
}
