import { useState } from "react";
import type { JobFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { kept, wasCorrected, type How } from "./files";
import { useAgain } from "./submit";

type Props = { job: JobFragment; other: Partial<How>; label: string; onDiscard: () => void };

/** Has the file of a job checked once more, read in another way, and says what that means. */
export function CheckAgain({ job, other, label, onDiscard }: Props) {
  const { t } = useText();
  const again = useAgain(job);
  const [busy, setBusy] = useState(false);
  const check = async () => {
    setBusy(true);
    await again(other);
    setBusy(false);
  };
  return (
    <div className="row" role="group" aria-label={label}>
      <p className="grow" role="status">
        {t("again.means")} {!kept(job.id) && t("again.file")} {wasCorrected(job.id) && t("again.corrected")}
      </p>
      <Button onPress={onDiscard}>{t("settings.discard")}</Button>
      <Button look="primary" busy={busy} onPress={check}>
        {t("again.check")}
      </Button>
    </div>
  );
}
