import { useState } from "react";
import { usePerson } from "../../api/person";
import type { GroupChoiceFragment, StudentFilter, StudentRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { GroupPicker } from "./GroupPicker";
import { NewGroup } from "./NewGroup";
import { useAssign } from "./assign";

type Props = {
  students: StudentRowFragment[];
  /** The filter, if the selection is everybody who matches it. */
  everybody?: StudentFilter;
  count: number;
  onClose: () => void;
  onDone: () => void;
};

/** Assign to Group: chooses one group or several, or makes a new one. */
export function AssignWindow({ students, everybody, count, onClose, onDone }: Props) {
  const { t } = useText();
  const { organization } = usePerson();
  const assign = useAssign();
  const [groups, setGroups] = useState<GroupChoiceFragment[]>([]);
  const [made, setMade] = useState<GroupChoiceFragment[]>([]);
  const [busy, setBusy] = useState(false);
  const toggle = (group: GroupChoiceFragment) =>
    setGroups((now) =>
      now.some(({ id }) => id === group.id) ? now.filter(({ id }) => id !== group.id) : [...now, group],
    );
  const take = (group: GroupChoiceFragment) => {
    setMade((now) => [group, ...now]);
    toggle(group);
  };
  const save = async () => {
    setBusy(true);
    const done = await assign(students, groups, everybody);
    setBusy(false);
    if (done) onDone();
  };
  const schools = [...new Set(students.map((student) => student.organization.id))];
  return (
    <Window
      title={t("assign.title", { count })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy} isDisabled={!groups.length} onPress={save}>
          {t("assign.save", { count: groups.length })}
        </Button>
      }
    >
      <GroupPicker
        organizationId={organization.id}
        chosen={groups.map(({ id }) => id)}
        onToggle={toggle}
        unlockedOnly
        made={made}
        foot={(search) => (
          <NewGroup name={search} school={schools.length === 1 ? schools[0] : undefined} onMade={take} />
        )}
      />
      {everybody && <p className="small soft">{t("assign.asJob")}</p>}
    </Window>
  );
}
