import { useState } from "react";
import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { BulkEditDocument, type BulkEditStudentsInput } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { GroupPicker } from "./GroupPicker";
import { grades } from "./list";

type Props = { selection: BulkEditStudentsInput["selection"]; count: number; onClose: () => void; onDone: () => void };

const keep = "keep";

/** Bulk Edit: a grade and groups for all who are ticked, with a preview before anything happens. */
export function BulkEditWindow({ selection, count, onClose, onDone }: Props) {
  const { t } = useText();
  const change = useChange();
  const [, navigate] = useLocation();
  const [grade, setGrade] = useState(keep);
  const [join, setJoin] = useState<string[]>([]);
  const [leave, setLeave] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const preview = async () => {
    setBusy(true);
    const input = {
      selection,
      ...(grade !== keep && { grade }),
      ...(join.length && { addToGroupIds: join }),
      ...(leave.length && { removeFromGroupIds: leave }),
    };
    const job = (await change(BulkEditDocument, { input }))?.bulkEditStudents.job;
    setBusy(false);
    if (!job) return;
    onDone();
    navigate(`/jobs/${job.id}`);
  };
  return (
    <Window
      title={t("bulk.title", { count })}
      onClose={onClose}
      foot={
        <Button
          look="primary"
          busy={busy}
          isDisabled={grade === keep && !join.length && !leave.length}
          onPress={preview}
        >
          {t("bulk.preview")}
        </Button>
      }
    >
      <p className="soft">{t("bulk.lead")}</p>
      <div className="row">
        <span className="label grow">{t("grade")}</span>
        <Choose
          label={t("grade")}
          shown={grade === keep ? t("bulk.keep") : grade}
          className={grade === keep ? "" : "set"}
          options={[{ id: keep, name: t("bulk.keep") }, ...grades.map((id) => ({ id, name: id }))]}
          chosen={[grade]}
          onChoose={([id]) => id && setGrade(id)}
        />
      </div>
      <Groups title={t("bulk.join", { count: join.length })} chosen={join} without={leave} onChoose={setJoin} />
      <Groups title={t("bulk.leave", { count: leave.length })} chosen={leave} without={join} onChoose={setLeave} />
    </Window>
  );
}

type GroupsProps = { title: string; chosen: string[]; without: string[]; onChoose: (ids: string[]) => void };

/** A part that opens, with groups to tick. A group that is ticked in the other part cannot be ticked here. */
function Groups({ title, chosen, without, onChoose }: GroupsProps) {
  const { organization } = usePerson();
  const toggle = ({ id }: { id: string }) =>
    without.includes(id) || onChoose(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <details className="bulk-groups">
      <summary className="label">{title}</summary>
      <GroupPicker organizationId={organization.id} chosen={chosen} onToggle={toggle} unlockedOnly />
    </details>
  );
}
