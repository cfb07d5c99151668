import { useState } from "react";
import { useClient } from "urql";
import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import { RecognizeFileDocument, type BulkJobKind, type GroupsMode } from "../../gql/graphql";
import { Choose } from "../../kit/Choose";
import { useText } from "../../text";
import { DropFile } from "./DropFile";
import { takeOut, useWaiting, wait } from "./files";
import { NoticeWay } from "./NoticeWay";
import { kindOf, readHeaders } from "./recognize";
import { useSubmit } from "./submit";
import { Template } from "./Template";
import { kindsFor, Waiting } from "./Waiting";
import "./import.css";

const modes: GroupsMode[] = ["ADD", "REPLACE", "REMOVE"];

/** Takes files and begins to check them. Nothing is written before somebody has seen what it will change. */
export default function Import() {
  const { t } = useText();
  const { organization, viewer, administers } = usePerson();
  const client = useClient();
  const submit = useSubmit();
  const waiting = useWaiting();
  const [, navigate] = useLocation();
  const [chosen, setChosen] = useState<BulkJobKind | "">("");
  const [mode, setMode] = useState<GroupsMode>("ADD");
  const [busy, setBusy] = useState(false);
  const allowed = kindsFor(viewer);

  const recognize = async (file: File): Promise<BulkJobKind> => {
    if (chosen) return chosen;
    const headers = await readHeaders(file).catch(() => []);
    const { data } = headers.length ? await client.query(RecognizeFileDocument, { headers }).toPromise() : {};
    return data ? kindOf(data, file.name, allowed) : "IMPORT_STUDENTS";
  };
  const send = async (file: File, kind: BulkJobKind) => {
    const id = await submit(file, { organizationId: organization.id, kind, groupsMode: mode });
    if (id) navigate(`/jobs/${id}`);
    return id;
  };
  const take = async (files: File[]) => {
    if (busy) return;
    setBusy(true);
    const found = await Promise.all(files.map(async (file) => ({ file, kind: await recognize(file) })));
    if (found.length === 1 && !waiting.length) await send(found[0]!.file, found[0]!.kind);
    else wait(found);
    setBusy(false);
  };
  return (
    <div className="screen import">
      <div>
        <h1 tabIndex={-1}>{t("screen.import")}</h1>
        <p className="soft">{t("import.lead")}</p>
      </div>
      {administers && <NoticeWay organizationId={organization.id} />}
      <Waiting
        busy={busy}
        onSend={async ({ id, file, kind }) => {
          setBusy(true);
          if (await send(file, kind)) takeOut(id);
          setBusy(false);
        }}
      />
      <section className="card stack" aria-label={t("import.file")}>
        <div className="row">
          <Choose
            label={t("import.kind")}
            shown={t(chosen ? `kind.${chosen}` : "import.kind.any")}
            options={[
              { id: "any", name: t("import.kind.any") },
              ...allowed.map((id) => ({ id, name: t(`kind.${id}`) })),
            ]}
            chosen={[chosen || "any"]}
            onChoose={([id]) => setChosen(id === "any" ? "" : (id as BulkJobKind))}
          />
          {(!chosen || chosen === "IMPORT_STUDENTS") && (
            <Choose
              label={t("import.mode")}
              shown={t(`mode.${mode}`)}
              options={modes.map((id) => ({ id, name: t(`mode.${id}`) }))}
              chosen={[mode]}
              onChoose={([id]) => setMode(id as GroupsMode)}
            />
          )}
        </div>
        <DropFile busy={busy} onFiles={take} />
        <p className="small soft">{t("import.reads")}</p>
      </section>
      <Template allowed={allowed} />
    </div>
  );
}
