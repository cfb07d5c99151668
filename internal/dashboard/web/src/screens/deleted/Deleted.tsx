import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { usePerson, type Organization } from "../../api/person";
import { useErrorText } from "../../api/use";
import { DeletedStudentsDocument, type DeletedStudentsQuery } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useSettled } from "../../kit/useSettled";
import { useText } from "../../text";
import { useRestore } from "../students/delete";
import { Pager } from "../students/Pager";
import "./deleted.css";

const pageSize = 50;

/** Students who were deleted and can be restored. Ticks at one school do not count at another. */
export default function Deleted() {
  const { organization } = usePerson();
  return <List key={organization.id} organization={organization} />;
}

function List({ organization }: { organization: Organization }) {
  const { t } = useText();
  const errorText = useErrorText();
  const restore = useRestore();
  const [search, setSearch] = useState("");
  const [page, setPage] = useState<{ after?: string; before?: string }>({});
  const [ticked, setTicked] = useState<ReadonlySet<string>>(new Set());
  const [busy, setBusy] = useState(false);
  const settled = useSettled(search.trim());
  const turn = page.before ? { last: pageSize, before: page.before } : { first: pageSize, after: page.after };
  const [{ data, error, fetching }] = useQuery({
    query: DeletedStudentsDocument,
    variables: { organizationId: organization.id, search: settled || null, ...turn },
    requestPolicy: "cache-and-network",
  });
  const students = data?.deletedStudents;
  const toggle = (id: string) => {
    const next = new Set(ticked);
    if (!next.delete(id)) next.add(id);
    setTicked(next);
  };
  const bringBack = async () => {
    setBusy(true);
    const done = await restore([...ticked]);
    setBusy(false);
    if (done) setTicked(new Set());
  };
  return (
    <div className="screen">
      <Link href="/students" className="small">
        {t("student.back")}
      </Link>
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>{t("deleted")}</h1>
          <p className="soft">{t("deleted.lead")}</p>
        </div>
        <Button look="primary" busy={busy} isDisabled={!ticked.size} onPress={bringBack}>
          {t("deleted.restore", { count: ticked.size })}
        </Button>
      </div>
      <div className="deleted-search">
        <Field
          label={t("students.search")}
          type="search"
          value={search}
          onChange={(text) => {
            setSearch(text);
            setPage({});
          }}
        />
      </div>
      {error && !students && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {students && !students.nodes.length && (
        <section className="card empty">
          <h2>{t(search ? "students.noMatch" : "deleted.none")}</h2>
          {!search && <p>{t("deleted.none.text")}</p>}
        </section>
      )}
      {students && students.nodes.length > 0 && (
        <ul className="card deleted" aria-busy={fetching} aria-label={t("deleted")}>
          {students.nodes.map((student) => (
            <Line
              key={student.id}
              student={student}
              ticked={ticked.has(student.id)}
              onToggle={() => toggle(student.id)}
            />
          ))}
        </ul>
      )}
      {students && <Pager info={students.pageInfo} change={({ after, before }) => setPage({ after, before })} />}
    </div>
  );
}

type LineProps = {
  student: NonNullable<DeletedStudentsQuery["deletedStudents"]>["nodes"][number];
  ticked: boolean;
  onToggle: () => void;
};

function Line({ student, ticked, onToggle }: LineProps) {
  const { t, day } = useText();
  return (
    <li>
      <label className="deleted-line">
        <input type="checkbox" className="check" checked={ticked} onChange={onToggle} />
        <span className="grow">
          <b>
            <bdi>{`${student.firstName} ${student.lastName}`}</bdi>
          </b>
          <span className="soft small deleted-more">
            {[student.externalId, `${t("grade")} ${student.grade}`, student.organization.name].join(" · ")}
          </span>
          {student.groups.length > 0 && (
            <span className="soft small deleted-more">
              {t("deleted.groups", { groups: student.groups.map(({ name }) => name).join(", ") })}
            </span>
          )}
        </span>
        <span className="soft small deleted-when">
          {t("deleted.when", { day: day(student.deletedAt) })}
          <br />
          {t("deleted.until", { day: day(student.purgeAt) })}
        </span>
      </label>
    </li>
  );
}
