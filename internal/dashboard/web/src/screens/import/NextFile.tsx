import { useState } from "react";
import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import type { JobFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { takeOut, useWaiting } from "./files";
import { moves } from "./state";
import { howOf, useSubmit } from "./submit";

/** The way to the next of several files. It is sent once this job is through: it may name what this one brings. */
export function NextFile({ job }: { job: JobFragment }) {
  const { t } = useText();
  const { organization } = usePerson();
  const submit = useSubmit();
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const files = useWaiting();
  const next = files[0];
  if (!next) return null;
  const name = next.file.name;
  const send = async () => {
    setBusy(true);
    const { groupsMode } = howOf(job);
    const id = await submit(next.file, { organizationId: organization.id, kind: next.kind, groupsMode });
    setBusy(false);
    if (!id) return;
    takeOut(next.id);
    navigate(`/jobs/${id}`);
  };
  return (
    <section className="banner" aria-label={t("waiting.title", { count: files.length })}>
      <p className="grow" role="status">
        {t(moves(job.status) ? "waiting.later" : "waiting.now", { count: files.length, name })}
      </p>
      {!moves(job.status) && (
        <Button look="primary" busy={busy} onPress={send}>
          {t("waiting.send", { name })}
        </Button>
      )}
    </section>
  );
}
