import { useState } from "react";
import { useClient, useQuery } from "urql";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { AuditCsvDocument, AuditTrailDocument, type AuditAction, type AuditEventFilter } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { download } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { Rest } from "../../kit/Rest";
import { useSay } from "../../kit/Say";
import { useText, type Key } from "../../text";
import { Entry } from "./Entry";
import { actions, changes } from "./actions";
import "./audit.css";

/** The audit trail: who did what, the newest first. */
export default function Audit() {
  const { t, intl } = useText();
  const { organization } = usePerson();
  const client = useClient();
  const errorText = useErrorText();
  const say = useSay();
  const [chosen, setChosen] = useState<AuditAction[]>([]);
  const [readings, setReadings] = useState(false);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const filter: AuditEventFilter = {
    ...(chosen.length ? { actions: chosen } : !readings && { actions: changes }),
    ...(from && { from: new Date(`${from}T00:00`).toISOString() }),
    ...(to && { to: dayAfter(to).toISOString() }),
  };
  const which = JSON.stringify([organization.id, filter]);
  const [pages, setPages] = useState({ of: which, more: 0 });
  const more = pages.of === which ? pages.more : 0;
  const csv = async () => {
    const asked = await client
      .query(AuditCsvDocument, { organizationId: organization.id, filter }, { requestPolicy: "network-only" })
      .toPromise();
    if (asked.data?.auditEventsCsvUrl) download(asked.data.auditEventsCsvUrl);
    else if (asked.error) say({ text: errorText(asked.error), bad: true });
  };
  const named = actions
    .map((id) => ({ id, name: t(`audit.${id}` as Key) }))
    .sort((a, b) => a.name.localeCompare(b.name, intl.locale));
  return (
    <div className="screen">
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>{t("screen.audit")}</h1>
          <p className="soft">{t("audit.lead")}</p>
        </div>
        <Button onPress={csv}>
          <DownloadIcon />
          {t("students.csv")}
        </Button>
      </div>
      <div className="row no-print" role="search">
        <Choose
          label={t("audit.action")}
          shown={chosen.length ? t("audit.actions", { count: chosen.length }) : t("audit.action")}
          className={chosen.length ? "set" : ""}
          options={named}
          chosen={chosen}
          several
          onChoose={(ids) => setChosen(ids as AuditAction[])}
        />
        <Day label={t("audit.from")} value={from} onChange={setFrom} />
        <Day label={t("audit.to")} value={to} onChange={setTo} />
        <label className="tick-field">
          <input
            type="checkbox"
            className="check"
            checked={readings}
            onChange={(event) => setReadings(event.target.checked)}
            disabled={chosen.length > 0}
          />
          {t("audit.readings")}
        </label>
      </div>
      <section className="card">
        <Page
          key={which}
          organizationId={organization.id}
          filter={filter}
          after={null}
          left={more}
          onMore={() => setPages({ of: which, more: more + 1 })}
        />
      </section>
    </div>
  );
}

/** dayAfter is the moment at which a day ends in this time zone. */
export function dayAfter(day: string): Date {
  const end = new Date(`${day}T00:00`);
  end.setDate(end.getDate() + 1);
  return end;
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="day">
      <span className="label">{label}</span>
      <input type="date" className="input" value={value} onChange={(event) => onChange(event.target.value)} />
    </label>
  );
}

type PageProps = {
  organizationId: string;
  filter: AuditEventFilter;
  after: string | null;
  left: number;
  onMore: () => void;
};

function Page({ after, left, ...same }: PageProps) {
  const { t } = useText();
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({
    query: AuditTrailDocument,
    variables: { organizationId: same.organizationId, filter: same.filter, after },
    requestPolicy: after ? "cache-first" : "cache-and-network",
  });
  const page = data?.auditEvents;
  if (error && !page)
    return (
      <p className="banner bad" role="alert">
        {errorText(error)}
      </p>
    );
  if (!page) return <div className="wait" aria-busy="true" />;
  if (!page.nodes.length && !after) return <p className="soft">{t("audit.none")}</p>;
  return (
    <>
      <ol className="trail">
        {page.nodes.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      <Rest
        info={page.pageInfo}
        left={left}
        onMore={same.onMore}
        next={(after, left) => <Page {...same} after={after} left={left} />}
      />
    </>
  );
}
