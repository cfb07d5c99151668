import { useState } from "react";
import { useClient, useQuery } from "urql";
import { ColumnsOfDocument, TemplateDocument, type BulkJobKind } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { saveText } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { useText } from "../../text";

/** Empty files to fill in, and what to write into each of their columns. */
export function Template({ allowed }: { allowed: readonly BulkJobKind[] }) {
  const { t } = useText();
  const client = useClient();
  const [kind, setKind] = useState<BulkJobKind>("IMPORT_STUDENTS");
  const [open, setOpen] = useState(false);
  const [{ data }] = useQuery({ query: ColumnsOfDocument, variables: { kind }, pause: !open });
  const save = async () => {
    const { data } = await client.query(TemplateDocument, { kind }).toPromise();
    if (data?.importTemplate) saveText(data.importTemplate.fileName, data.importTemplate.csv);
  };
  return (
    <section className="card stack" aria-label={t("template.title")}>
      <h2>{t("template.title")}</h2>
      <p className="soft">{t("template.lead")}</p>
      <div className="row">
        <Choose
          label={t("template.kind")}
          shown={t(`kind.${kind}`)}
          options={allowed.map((id) => ({ id, name: t(`kind.${id}`) }))}
          chosen={[kind]}
          onChoose={([id]) => setKind(id as BulkJobKind)}
        />
        <Button onPress={save}>
          <DownloadIcon />
          {t("import.template")}
        </Button>
        <Button look="quiet" aria-expanded={open} onPress={() => setOpen(!open)}>
          {t("template.columns")}
        </Button>
      </div>
      {open && (
        <dl className="template-columns" aria-busy={!data}>
          {data?.importTemplate?.columns.map(({ name, help, required }) => (
            <div key={name}>
              <dt>
                <b>{name}</b> {required && <span className="badge warm">{t("template.required")}</span>}
              </dt>
              <dd className="soft small" lang="en">
                {help}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
