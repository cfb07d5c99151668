import { useState } from "react";
import { useClient } from "urql";
import { useLocation } from "wouter";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { isTeacher } from "../../frame/screens";
import { SubmitImportDocument, TemplateDocument, type BulkJobKind, type GroupsMode } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { saveText } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { useText } from "../../text";
import { DropFile } from "./DropFile";
import { NoticeWay } from "./NoticeWay";
import "./import.css";

const kinds: BulkJobKind[] = ["IMPORT_STUDENTS", "IMPORT_GROUPS", "IMPORT_ENROLLMENTS", "IMPORT_EDUCATORS", "IMPORT_ORGANIZATIONS"];
const modes: GroupsMode[] = ["ADD", "REPLACE", "REMOVE"];

/** Takes a file and begins to check it. Nothing is written before somebody has seen what it will change. */
export default function Import() {
  const { t } = useText();
  const { organization, viewer, administers } = usePerson();
  const client = useClient();
  const change = useChange();
  const [, navigate] = useLocation();
  const [kind, setKind] = useState<BulkJobKind>("IMPORT_STUDENTS");
  const [mode, setMode] = useState<GroupsMode>("ADD");
  const [busy, setBusy] = useState(false);

  const send = async (file: File) => {
    if (busy) return;
    setBusy(true);
    const input = { organizationId: organization.id, kind, file, groupsMode: mode, idempotencyKey: newKey() };
    const job = (await change(SubmitImportDocument, { input }))?.submitBulkImport.job;
    setBusy(false);
    if (job) navigate(`/jobs/${job.id}`);
  };
  const template = async () => {
    const { data } = await client.query(TemplateDocument, { kind }).toPromise();
    if (data?.importTemplate) saveText(data.importTemplate.fileName, data.importTemplate.csv);
  };
  return (
    <div className="screen import">
      <div>
        <h1 tabIndex={-1}>{t("screen.import")}</h1>
        <p className="soft">{t("import.lead")}</p>
      </div>
      {administers && <NoticeWay organizationId={organization.id} />}
      <section className="card stack" aria-label={t("import.file")}>
        <div className="row">
          <Choose
            label={t("import.kind")}
            shown={t(`kind.${kind}`)}
            options={(isTeacher(viewer) ? kinds.slice(0, 2) : kinds).map((id) => ({ id, name: t(`kind.${id}`) }))}
            chosen={[kind]}
            onChoose={([id]) => setKind(id as BulkJobKind)}
          />
          {kind === "IMPORT_STUDENTS" && (
            <Choose
              label={t("import.mode")}
              shown={t(`mode.${mode}`)}
              options={modes.map((id) => ({ id, name: t(`mode.${id}`) }))}
              chosen={[mode]}
              onChoose={([id]) => setMode(id as GroupsMode)}
            />
          )}
          <span className="grow" />
          <Button look="quiet" onPress={template}>
            <DownloadIcon />
            {t("import.template")}
          </Button>
        </div>
        <DropFile busy={busy} onFile={send} />
        <p className="small soft">{t("import.reads")}</p>
      </section>
    </div>
  );
}

/** A second upload of the same file is another job; the same one sent twice is not. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (n) => n.toString(36)).join("-");
