import { Link } from "wouter";
import type { AuditLineFragment } from "../../gql/graphql";
import { useText, type Key } from "../../text";

type Subject = AuditLineFragment["subjects"][number];

/** nameOf returns the present name of a subject, or nothing if it no longer exists. */
export function nameOf({ node }: Subject): string {
  switch (node?.__typename) {
    case "Student":
      return `${node.firstName} ${node.lastName}`;
    case "Group":
    case "Educator":
    case "Organization":
      return node.name;
    default:
      return "";
  }
}

/** An entry of the trail: when, who, what, to whom, and from what to what. */
export function Entry({ event, about }: { event: AuditLineFragment; about?: string }) {
  const { t, intl } = useText();
  const others = event.subjects.filter(({ id }) => id !== about);
  const own = event.subjects.filter(({ id }) => id === about);
  const changes = about ? own.flatMap((subject) => subject.changes) : [];
  const known = others.filter((subject) => nameOf(subject));
  return (
    <li className="trail-entry">
      <time dateTime={event.at} className="soft small">
        {intl.formatDate(event.at, { dateStyle: "medium", timeStyle: "medium" })}
      </time>
      <div className="trail-what">
        <p>
          <b>{t(`audit.${event.action}` as Key)}</b>
          {event.code && <span className="badge bad">{event.code}</span>}
          <span className="soft"> · {event.actor.name ?? t(`actor.${event.actor.kind}`)}</span>
        </p>
        <p className="soft small">
          {[event.organization?.name, event.address].filter(Boolean).join(" · ")}
          {event.jobId && (
            <>
              {" · "}
              <Link href={`/jobs/${event.jobId}`}>{t("audit.job")}</Link>
            </>
          )}
        </p>
        {known.length > 0 && (
          <p className="small">
            {known.slice(0, 5).map(nameOf).join(", ")}
            {known.length > 5 && ` ${t("problems.rest", { count: known.length - 5 })}`}
          </p>
        )}
        <Changes changes={changes} />
        {!about && (others.some(({ changes: all }) => all.length) || event.facts.length > 0) && (
          <Details event={event} />
        )}
      </div>
    </li>
  );
}

function Changes({ changes }: { changes: Subject["changes"] }) {
  const { t } = useText();
  if (!changes.length) return null;
  return (
    <ul className="trail-changes small">
      {changes.map(({ field, before, after }) => (
        <li key={field}>
          <code>{field}</code> <s className="soft">{before ?? t("changes.empty")}</s>
          <span className="unseen">{t("changes.becomes")}</span>
          <span aria-hidden="true"> → </span>
          <bdi>{after ?? t("changes.empty")}</bdi>
        </li>
      ))}
    </ul>
  );
}

/** Everything that an entry says, opened when somebody wants to know. */
function Details({ event }: { event: AuditLineFragment }) {
  const { t } = useText();
  return (
    <details className="small">
      <summary>{t("audit.details")}</summary>
      {event.facts.length > 0 && (
        <ul className="trail-changes">
          {event.facts.map(({ name, value }) => (
            <li key={name}>
              <code>{name}</code> {value}
            </li>
          ))}
        </ul>
      )}
      {event.subjects.map((subject) => (
        <div key={subject.id}>
          <b>{nameOf(subject) || <code>{subject.id}</code>}</b> {subject.erased && t("audit.erased")}
          <Changes changes={subject.changes} />
        </div>
      ))}
    </details>
  );
}
