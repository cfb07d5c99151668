import { useState } from "react";
import { useClient } from "urql";
import { useChange } from "../../api/use";
import {
  ApproveJobDocument,
  CancelJobDocument,
  RefusedRowsDocument,
  StartJobDocument,
  UndoJobDocument,
  type JobFragment,
} from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { download } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { toneOf, undoable, works } from "./state";

/** What the job waits for or has done, and what can be done now. */
export function JobActions({ job }: { job: JobFragment }) {
  const { t } = useText();
  const client = useClient();
  const change = useChange();
  const [busy, setBusy] = useState("");
  const [asking, setAsking] = useState(false);
  const { id } = job;
  const run = async (name: string, act: () => Promise<unknown>) => {
    if (busy) return;
    setBusy(name);
    await act();
    setBusy("");
    setAsking(false);
  };
  const refused = async () => {
    const { data } = await client.query(RefusedRowsDocument, { id }, { requestPolicy: "network-only" }).toPromise();
    if (data?.bulkJob?.failedRowsCsvUrl) download(data.bulkJob.failedRowsCsvUrl);
  };
  const cancel = (
    <Button busy={busy === "cancel"} onPress={() => run("cancel", () => change(CancelJobDocument, { id }))}>
      {t("job.cancel")}
    </Button>
  );
  if (works(job.status)) return job.status === "UNDOING" ? null : <div className="row">{cancel}</div>;
  const { created, updated, deleted, errors } = job.counts;
  const nothing = job.status === "READY" && created + updated + deleted === 0;
  return (
    <section className={`banner job-banner ${nothing ? "" : toneOf[job.status]}`} aria-label={t("job.next")}>
      <p className="grow" role="status">
        {t(
          nothing
            ? "job.nothing"
            : job.status === "HELD"
              ? `job.held.${job.heldFor ?? "START"}`
              : `job.says.${job.status}`,
          {
            ...job.counts,
            organization: job.organization.name,
          },
        )}
      </p>
      {job.status === "READY" && (
        <>
          {cancel}
          {!nothing && (
            <Button
              look="primary"
              busy={busy === "start"}
              onPress={() => run("start", () => change(StartJobDocument, { id, previewVersion: job.previewVersion }))}
            >
              {t("job.start")}
            </Button>
          )}
        </>
      )}
      {job.status === "HELD" && (
        <>
          {cancel}
          <Button
            look="primary"
            busy={busy === "approve"}
            onPress={() => run("approve", () => change(ApproveJobDocument, { id, previewVersion: job.previewVersion }))}
          >
            {t("job.approve")}
          </Button>
        </>
      )}
      {errors > 0 && job.status !== "READY" && (
        <Button onPress={() => run("refused", refused)}>
          <DownloadIcon />
          {t("job.refused")}
        </Button>
      )}
      {undoable(job.status) && <Button onPress={() => setAsking(true)}>{t("undo")}</Button>}
      {asking && (
        <Window
          title={t("job.undo.title")}
          onClose={() => setAsking(false)}
          foot={
            <Button
              look="primary"
              busy={busy === "undo"}
              onPress={() => run("undo", () => change(UndoJobDocument, { id }))}
            >
              {t("job.undo")}
            </Button>
          }
        >
          <p>{t("job.undo.text")}</p>
        </Window>
      )}
    </section>
  );
}
