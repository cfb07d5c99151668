import { useState } from "react";
import { useQuery } from "urql";
import { usePerson } from "../../api/person";
import { RetentionDocument, type StudentFilter } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { mostAtOnce } from "./assign";
import { useDelete } from "./delete";

type Props = {
  studentIds: string[];
  /** The filter, if the selection is everybody who matches it. */
  everybody?: StudentFilter;
  count: number;
  onClose: () => void;
  onDone: () => void;
};

/** Asks before students are deleted, and says what that means. */
export function DeleteWindow({ studentIds, everybody, count, onClose, onDone }: Props) {
  const { t } = useText();
  const { organization } = usePerson();
  const remove = useDelete();
  const [busy, setBusy] = useState(false);
  const [{ data }] = useQuery({ query: RetentionDocument, variables: { organizationId: organization.id } });
  const days = data?.organization?.settings.retentionDays.value;
  const asJob = Boolean(everybody) || studentIds.length > mostAtOnce;
  const go = async () => {
    setBusy(true);
    const done = await remove(studentIds, everybody);
    setBusy(false);
    if (done) onDone();
  };
  return (
    <Window
      title={t("delete.title", { count })}
      onClose={onClose}
      foot={
        <Button look="danger" busy={busy} onPress={go}>
          {t(asJob ? "bulk.preview" : "delete.save", { count })}
        </Button>
      }
    >
      <p>{t("delete.means")}</p>
      {days !== undefined && <p className="soft">{t("delete.back", { days })}</p>}
      {asJob && <p className="soft">{t("assign.asJob")}</p>}
    </Window>
  );
}
