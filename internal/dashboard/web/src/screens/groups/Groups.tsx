import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { isTeacher } from "../../frame/screens";
import { GroupsDocument, type GroupChoiceFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { LockIcon } from "../../kit/icons";
import { useSettled } from "../../kit/useSettled";
import { useText } from "../../text";
import { NewGroup } from "../students/NewGroup";
import { Pager } from "../students/Pager";
import { Rename } from "./Rename";
import "./groups.css";

const pageSize = 50;

/** The groups, with their teachers and how many students they have. */
export default function Groups() {
  const { t } = useText();
  const { organization, viewer } = usePerson();
  const errorText = useErrorText();
  const [search, setSearch] = useState("");
  const [page, setPage] = useState<{ after?: string; before?: string }>({});
  const [renaming, setRenaming] = useState<GroupChoiceFragment | null>(null);
  const settled = useSettled(search.trim());
  const filter = settled ? { search: settled } : {};
  const turn = page.before ? { last: pageSize, before: page.before } : { first: pageSize, after: page.after };
  const [{ data, error, fetching }] = useQuery({
    query: GroupsDocument,
    variables: { organizationId: organization.id, filter, ...turn },
  });
  const groups = data?.groups;
  return (
    <div className="screen">
      <div>
        <h1 tabIndex={-1}>{t(isTeacher(viewer) ? "screen.myGroups" : "screen.groups")}</h1>
        <p className="soft" role="status">
          {groups ? t("filter.groups", { count: groups.totalCount }) : " "}
        </p>
      </div>
      <div className="row groups-bar">
        <div className="grow groups-search">
          <Field
            label={t("groups.search")}
            type="search"
            value={search}
            onChange={(text) => {
              setSearch(text);
              setPage({});
            }}
          />
        </div>
        <NewGroup name={search.trim()} onMade={() => setSearch("")} />
      </div>
      {error && !groups && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {groups && !groups.nodes.length && (
        <section className="card empty">
          <h2>{t(search ? "groups.noMatch" : "groups.none")}</h2>
          {!search && <p>{t("groups.none.text")}</p>}
        </section>
      )}
      <ul className="groups" aria-busy={fetching}>
        {groups?.nodes.map((group) => (
          <li key={group.id} className="card group">
            <div className="group-head">
              <h2>
                <bdi>{group.name}</bdi>
              </h2>
              {!group.synced && (
                <Button
                  look="quiet"
                  aria-label={t("groups.rename.of", { name: group.name })}
                  onPress={() => setRenaming(group)}
                >
                  {t("groups.rename")}
                </Button>
              )}
            </div>
            {group.synced && (
              <p className="soft small group-lock">
                <LockIcon />
                {t("groups.synced")}
              </p>
            )}
            <p className="soft small">
              {[group.organization.name, ...group.educators.map(({ name }) => name)].join(" · ")}
            </p>
            <Link
              href={`/students?groups=${group.id}`}
              aria-label={t("groups.students", { count: group.studentCount, name: group.name })}
            >
              {t("students.count", { count: group.studentCount })}
            </Link>
          </li>
        ))}
      </ul>
      {groups && <Pager info={groups.pageInfo} change={({ after, before }) => setPage({ after, before })} />}
      {renaming && <Rename group={renaming} onDone={() => setRenaming(null)} />}
    </div>
  );
}
