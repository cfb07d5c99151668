import { useState } from "react";
import type { StudentFilter, StudentRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { usePerson } from "../../api/person";
import { AssignWindow } from "./AssignWindow";
import { BulkActions, type BulkAction } from "./BulkActions";
import { BulkEditWindow } from "./BulkEditWindow";
import { DeleteWindow } from "./DeleteWindow";
import { mostAtOnce, useRemove } from "./assign";

type Props = {
  chosen: ReadonlyMap<string, StudentRowFragment>;
  everybody: boolean;
  total: number;
  filter: StudentFilter;
  countText: string;
  onEverybody: () => void;
  onClear: () => void;
};

/** What can be done with the students who are ticked. */
export function SelectionBar({ chosen, everybody, total, filter, countText, onEverybody, onClear }: Props) {
  const { t } = useText();
  const { administers, organization } = usePerson();
  const [doing, setDoing] = useState<"assign" | BulkAction | null>(null);
  const [removing, setRemoving] = useState(false);
  const remove = useRemove();
  // Where the list is that of one group, its students can leave it.
  const group = filter.groupIds?.length === 1 && !filter.noGroups ? filter.groupIds[0] : undefined;
  const leave = async () => {
    if (!group) return;
    setRemoving(true);
    const done = await remove([...chosen.values()], group);
    setRemoving(false);
    if (done) onClear();
  };
  const count = everybody ? total : chosen.size;
  const studentIds = [...chosen.keys()];
  const selection = everybody ? { matching: { organizationId: organization.id, filter } } : { studentIds };
  const close = () => setDoing(null);
  const done = () => {
    close();
    onClear();
  };
  return (
    <div className="selection bar-at-foot" role="region" aria-label={t("selection")}>
      <p role="status" className="selection-count">
        {t("selection.count", { count, shown: countText })}
      </p>
      {!everybody && chosen.size < total && (
        <Button look="quiet" onPress={onEverybody}>
          {t("selection.everybody", { count: total })}
        </Button>
      )}
      <span className="grow" />
      <Button look="quiet" onPress={onClear}>
        {t("selection.clear")}
      </Button>
      {group && !everybody && chosen.size <= mostAtOnce && (
        <Button busy={removing} onPress={leave}>
          {t("remove")}
        </Button>
      )}
      {administers && <BulkActions onAction={setDoing} />}
      <Button look="primary" onPress={() => setDoing("assign")}>
        {t("assign")}
      </Button>
      {doing === "assign" && (
        <AssignWindow
          students={[...chosen.values()]}
          everybody={everybody ? filter : undefined}
          count={count}
          onClose={close}
          onDone={done}
        />
      )}
      {doing === "edit" && <BulkEditWindow selection={selection} count={count} onClose={close} onDone={done} />}
      {doing === "delete" && (
        <DeleteWindow
          studentIds={studentIds}
          everybody={everybody ? filter : undefined}
          count={count}
          onClose={close}
          onDone={done}
        />
      )}
    </div>
  );
}
