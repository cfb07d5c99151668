import { useEffect, useState } from "react";
import { useClient, useQuery } from "urql";
import { Link } from "wouter";
import { useErrorText } from "../../api/use";
import { usePerson } from "../../api/person";
import { StudentsCsvDocument, StudentsDocument, type StudentRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { download } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";
import { Filters } from "./Filters";
import { NoStudents } from "./NoStudents";
import { Pager } from "./Pager";
import { SelectionBar } from "./SelectionBar";
import { StudentTable } from "./StudentTable";
import { filterOf, useList, variablesOf } from "./list";
import "./students.css";

/** The list of students, and what is done with those who are ticked. */
export default function Students() {
  const { t, number } = useText();
  const { organization, administers } = usePerson();
  const errorText = useErrorText();
  const client = useClient();
  const say = useSay();
  const [list, change] = useList();
  const [{ data, error, fetching }] = useQuery({
    query: StudentsDocument,
    variables: variablesOf(list, organization.id),
  });
  const [chosen, setChosen] = useState<ReadonlyMap<string, StudentRowFragment>>(new Map());
  const [everybody, setEverybody] = useState(false);
  const filter = filterOf(list);
  const which = JSON.stringify([organization.id, filter]);
  const clear = () => {
    setChosen(new Map());
    setEverybody(false);
  };
  // Ticks in one list do not count in another.
  useEffect(clear, [which]);

  const csv = async () => {
    const asked = await client
      .query(StudentsCsvDocument, { organizationId: organization.id, filter }, { requestPolicy: "network-only" })
      .toPromise();
    if (asked.data?.studentsCsvUrl) download(asked.data.studentsCsvUrl);
    else if (asked.error) say({ text: errorText(asked.error), bad: true });
  };
  const page = data?.students;
  return (
    <div className="screen">
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>{t("screen.students")}</h1>
          <p className="soft" role="status">
            {page ? t("students.count", { count: page.totalCount }) : " "}
          </p>
        </div>
        {administers && (
          <div className="row">
            <Link href="/students/deleted" className="button quiet">
              {t("deleted")}
            </Link>
            <Button onPress={csv} isDisabled={!page?.totalCount}>
              <DownloadIcon />
              {t("students.csv")}
            </Button>
          </div>
        )}
      </div>
      <Filters list={list} change={change} organizationId={organization.id} />
      {error && !page && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {page && page.totalCount === 0 && <NoStudents list={list} change={change} />}
      {page && page.totalCount > 0 && (
        <>
          <StudentTable
            students={page.nodes}
            list={list}
            change={change}
            showSchool={organization.type === "DISTRICT"}
            chosen={chosen}
            everybody={everybody}
            onChoose={(next) => {
              setEverybody(false);
              setChosen(next);
            }}
            busy={fetching}
          />
          <Pager info={page.pageInfo} change={change} />
        </>
      )}
      {(chosen.size > 0 || everybody) && page && (
        <SelectionBar
          chosen={chosen}
          everybody={everybody}
          total={page.totalCount}
          filter={filter}
          onEverybody={() => setEverybody(true)}
          onClear={clear}
          countText={number(everybody ? page.totalCount : chosen.size)}
        />
      )}
    </div>
  );
}
