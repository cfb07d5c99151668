import { useState } from "react";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { UpdateStudentDocument, type StudentRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { Field } from "../../kit/Field";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { grades } from "../students/list";

/** Changes a student, or moves the student to another school. */
export function EditWindow({ student, onClose }: { student: StudentRowFragment; onClose: () => void }) {
  const { t } = useText();
  const { viewer } = usePerson();
  const change = useChange();
  const say = useSay();
  const [now, setNow] = useState({
    firstName: student.firstName,
    lastName: student.lastName,
    externalId: student.externalId,
    username: student.username,
    grade: student.grade,
    organizationId: student.organization.id,
  });
  const [busy, setBusy] = useState(false);
  const before = { ...student, organizationId: student.organization.id };
  const changed = Object.fromEntries(
    Object.entries(now).filter(([name, value]) => before[name as keyof typeof now] !== value.trim()),
  );
  const set = (part: Partial<typeof now>) => setNow({ ...now, ...part });
  const schools = viewer.organizations.filter(({ type }) => type === "SCHOOL");
  const save = async () => {
    setBusy(true);
    const done = await change(UpdateStudentDocument, { input: { id: student.id, ...changed } });
    setBusy(false);
    if (!done) return;
    say({ text: t("student.saved", { name: `${now.firstName} ${now.lastName}` }) });
    onClose();
  };
  return (
    <Window
      title={t("student.edit.title", { name: `${student.firstName} ${student.lastName}` })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy} isDisabled={!Object.keys(changed).length} onPress={save}>
          {t("save")}
        </Button>
      }
    >
      <Field label={t("firstName")} value={now.firstName} onChange={(firstName) => set({ firstName })} autoFocus />
      <Field label={t("lastName")} value={now.lastName} onChange={(lastName) => set({ lastName })} />
      <Field
        label={t("studentId")}
        value={now.externalId}
        onChange={(externalId) => set({ externalId })}
        maxLength={64}
      />
      <Field label={t("username")} value={now.username} onChange={(username) => set({ username })} maxLength={100} />
      <div className="row">
        <span className="label grow">{t("grade")}</span>
        <Choose
          label={t("grade")}
          shown={now.grade}
          options={grades.map((id) => ({ id, name: id }))}
          chosen={[now.grade]}
          onChoose={([grade]) => grade && set({ grade })}
        />
      </div>
      {schools.length > 1 && (
        <div className="row">
          <span className="label grow">{t("school")}</span>
          <Choose
            label={t("school")}
            shown={schools.find(({ id }) => id === now.organizationId)?.name}
            options={schools}
            chosen={[now.organizationId]}
            onChoose={([organizationId]) => organizationId && set({ organizationId })}
          />
        </div>
      )}
      {now.organizationId !== student.organization.id && student.groups.length > 0 && (
        <p className="banner warm">{t("student.move.groups", { count: student.groups.length })}</p>
      )}
    </Window>
  );
}
