import { useState } from "react";
import { useQuery } from "urql";
import { ColumnsOfDocument, type JobFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import { CheckAgain } from "./CheckAgain";
import { kept } from "./files";
import { Header } from "./Header";
import { chosenBefore, columnsToChoose, toSend } from "./mapping";
import { mayBeReadAgain } from "./state";
import { useAgain } from "./submit";
import { useReadings } from "./useReadings";

type Props = { job: JobFragment; detected: NonNullable<JobFragment["detected"]> };

/** What the reader found out about the file, and as which columns its headers are read. That can be changed. */
export function Recognized({ job, detected }: Props) {
  const { t } = useText();
  const again = useAgain(job);
  const readings = useReadings(job);
  const before = chosenBefore(readings, kept(job.id)?.how.columns);
  const [changed, setChanged] = useState<ReadonlyMap<string, string> | null>(null);
  const [busy, setBusy] = useState(false);
  const changeable = mayBeReadAgain(job) && readings.length > 0;
  const [{ data }] = useQuery({ query: ColumnsOfDocument, variables: { kind: job.kind }, pause: !changeable });
  const delimiter = {
    comma: t("delimiter.comma"),
    semicolon: t("delimiter.semicolon"),
    tab: t("delimiter.tab"),
    pipe: t("delimiter.pipe"),
    none: "",
  }[detected.delimiter];
  const remembered = readings.filter(({ how }) => how === "REMEMBERED").length;
  const forget = async () => {
    setBusy(true);
    await again({ columns: [] });
    setBusy(false);
  };
  return (
    <section className="card stack" aria-label={t("recognized")}>
      <h2>{t("recognized")}</h2>
      <p>
        {[t("recognized.rows", { count: detected.rows }), detected.encoding, delimiter].filter(Boolean).join(" · ")}
      </p>
      {remembered > 0 && (
        <div className="banner warm" role="note">
          <p className="grow">{t("columns.remembered", { count: remembered })}</p>
          {changeable && (
            <Button busy={busy} onPress={forget}>
              {t("columns.forget")}
            </Button>
          )}
        </div>
      )}
      {readings.length > 0 && (
        <ul className="columns" aria-label={t("recognized.columns")}>
          {readings.map((reading, i) => (
            <Header
              key={`${i} ${reading.header}`}
              reading={reading}
              choices={changed ?? before}
              columns={changeable ? columnsToChoose(data?.importTemplate?.columns.map(({ name }) => name) ?? []) : []}
              onChoose={setChanged}
            />
          ))}
        </ul>
      )}
      {changed && (
        <CheckAgain
          job={job}
          other={{ columns: toSend(changed) }}
          label={t("columns.changed")}
          onDiscard={() => setChanged(null)}
        />
      )}
    </section>
  );
}
