import { useState } from "react";
import type { JobFragment, MissingCountQuery, StudentRemoval } from "../../gql/graphql";
import { useText } from "../../text";
import { CheckAgain } from "./CheckAgain";

const removals: StudentRemoval[] = ["IGNORE", "LEAVE_GROUPS", "DELETE"];

type Settings = NonNullable<NonNullable<MissingCountQuery["bulkJob"]>["organization"]["settings"]>;
type Props = { job: JobFragment; settings: Settings | null | undefined };

/** What is to become of the students who are not in the file. Another choice has the file checked once more. */
export function MissingChoice({ job, settings }: Props) {
  const { t } = useText();
  const [chosen, setChosen] = useState(job.missing);
  return (
    <>
      <fieldset className="missing-choice">
        <legend className="label">{t("missing.what")}</legend>
        {removals.map((removal) => (
          <label key={removal} className="missing-option" data-chosen={chosen === removal}>
            <input
              type="radio"
              className="check"
              name="missing"
              checked={chosen === removal}
              onChange={() => setChosen(removal)}
            />
            <span>
              <b>{t(`missing.choose.${removal}`)}</b>
              <span className="soft small missing-means">
                {t(`missing.means.${removal}`, {
                  days: settings?.retentionDays?.value,
                  percent:
                    removal === "DELETE" ? settings?.holdDeletedPercent?.value : settings?.holdChangedPercent?.value,
                })}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      {job.missing !== "IGNORE" && chosen === job.missing && (
        <p role="status">{t(`missing.${job.missing}`, { count: job.missingRows })}</p>
      )}
      {chosen !== job.missing && (
        <CheckAgain
          job={job}
          other={{ missing: chosen }}
          label={t("missing.what")}
          onDiscard={() => setChosen(job.missing)}
        />
      )}
      {chosen !== "IGNORE" && <p className="soft small">{t("missing.unclear")}</p>}
    </>
  );
}
