import { useState } from "react";
import { useChange } from "../../api/use";
import { ApproveSettingDocument, WithdrawSettingDocument, type PendingSettingName } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";
import type { Name, Settings } from "./draft";

const names: Record<PendingSettingName, Name> = {
  HOLD_DELETED_PERCENT: "holdDeletedPercent",
  HOLD_CHANGED_PERCENT: "holdChangedPercent",
  RETENTION_DAYS: "retentionDays",
  JOB_DAYS: "jobDays",
  SECOND_FACTOR_REQUIRED: "secondFactorRequired",
};

/** Changes that wait for a day or for a second administrator, because they make something less strict. */
export function Pending({ organizationId, pending }: { organizationId: string; pending: Settings["pending"] }) {
  const { t, intl } = useText();
  const change = useChange();
  const say = useSay();
  const [busy, setBusy] = useState("");
  if (!pending.length) return null;
  const moment = (at: string) => intl.formatDate(at, { dateStyle: "medium", timeStyle: "short" });
  return (
    <section className="card stack pending">
      <h2>{t("pending.title")}</h2>
      {pending.map((each) => {
        const { setting, value, secondFactorRequired } = each;
        const to = secondFactorRequired ? t(`secondFactor.${secondFactorRequired}`) : (value ?? t("pending.inherit"));
        const run = async (what: "approve" | "withdraw") => {
          setBusy(setting + what);
          const done =
            what === "approve"
              ? await change(ApproveSettingDocument, {
                  input: { organizationId, setting, value, secondFactorRequired },
                })
              : await change(WithdrawSettingDocument, { input: { organizationId, setting } });
          setBusy("");
          if (done) say({ text: t(`pending.${what}.done`) });
        };
        return (
          <div key={setting} className="row">
            <p className="grow">
              <b>{t(`setting.${names[setting]}`)}</b> → {to}
              <br />
              <span className="soft small">
                {t("pending.when", {
                  name: each.requestedBy?.name ?? t("pending.nobody"),
                  asked: moment(each.requestedAt),
                  at: moment(each.effectiveAt),
                })}
              </span>
            </p>
            <Button look="quiet" busy={busy === `${setting}withdraw`} onPress={() => run("withdraw")}>
              {t("pending.withdraw")}
            </Button>
            <Button busy={busy === `${setting}approve`} onPress={() => run("approve")}>
              {t("job.approve")}
            </Button>
          </div>
        );
      })}
    </section>
  );
}
