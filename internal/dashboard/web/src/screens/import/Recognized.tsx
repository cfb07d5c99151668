import type { JobFragment } from "../../gql/graphql";
import { useText } from "../../text";

/** What the reader found out about the file. */
export function Recognized({ detected }: { detected: NonNullable<JobFragment["detected"]> }) {
  const { t } = useText();
  const delimiter = {
    comma: t("delimiter.comma"),
    semicolon: t("delimiter.semicolon"),
    tab: t("delimiter.tab"),
    pipe: t("delimiter.pipe"),
    none: "",
  }[detected.delimiter];
  const ignored = new Set(detected.ignoredHeaders);
  return (
    <section className="card stack">
      <h2>{t("recognized")}</h2>
      <p>{[t("recognized.rows", { count: detected.rows }), detected.encoding, delimiter].filter(Boolean).join(" · ")}</p>
      <ul className="row columns" aria-label={t("recognized.columns")}>
        {detected.headers.map((header, i) => (
          <li key={`${i} ${header}`} className={`badge ${ignored.has(header) ? "" : "pine"}`}>
            {ignored.has(header) ? t("recognized.ignored", { header }) : header}
          </li>
        ))}
      </ul>
    </section>
  );
}
