import { useState } from "react";
import { useQuery } from "urql";
import { Link, useLocation, useParams } from "wouter";
import { administersAt, usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { StudentPageDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { LockIcon } from "../../kit/icons";
import { useText } from "../../text";
import { Weeks } from "../usage/Weeks";
import { AssignWindow } from "../students/AssignWindow";
import { DeleteWindow } from "../students/DeleteWindow";
import { EditWindow } from "./EditWindow";
import { Groups } from "./Groups";
import { History } from "./History";
import { RecordButton } from "./RecordButton";
import "./student.css";

/** One student: who it is, the groups, the usage, the history, and everything that can be done. */
export default function Student() {
  const { t, number, day } = useText();
  const { id = "" } = useParams();
  const { viewer } = usePerson();
  const [, navigate] = useLocation();
  const errorText = useErrorText();
  const [doing, setDoing] = useState<"assign" | "edit" | "delete" | null>(null);
  const [{ data, error, fetching }] = useQuery({
    query: StudentPageDocument,
    variables: { id },
    requestPolicy: "cache-and-network",
  });
  const student = data?.node?.__typename === "Student" ? data.node : null;
  if (error && !student)
    return (
      <p className="banner bad" role="alert">
        {errorText(error)}
      </p>
    );
  if (!student && fetching) return <div className="wait" aria-busy="true" />;
  if (!student)
    return (
      <section className="card empty">
        <h1 tabIndex={-1}>{t("student.none")}</h1>
        <p>{t("student.none.text")}</p>
        <Link className="button" href="/students">
          {t("screen.students")}
        </Link>
      </section>
    );
  const school = viewer.organizations.find((o) => o.id === student.organization.id);
  const administers = school !== undefined && administersAt(viewer, school);
  const close = () => setDoing(null);
  const facts: [string, string][] = [
    [t("studentId"), student.externalId],
    [t("username"), student.username],
    [t("grade"), student.grade],
    [t("school"), student.organization.name],
    [t("minutes.year"), number(student.minutesThisSchoolYear)],
    [t("lastActive"), student.lastActiveAt ? day(student.lastActiveAt) : t("never")],
    [t("student.since"), day(student.createdAt)],
  ];
  return (
    <div className="screen student-page">
      <Link href="/students" className="small">
        {t("student.back")}
      </Link>
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>
            <bdi>{`${student.firstName} ${student.lastName}`}</bdi>
          </h1>
          {student.synced && (
            <p className="soft small with-lock">
              <LockIcon />
              {t("synced.student")}
            </p>
          )}
        </div>
        <div className="row no-print">
          {administers && <RecordButton id={student.id} />}
          {administers && !student.synced && (
            <Button look="danger" onPress={() => setDoing("delete")}>
              {t("bulk.delete")}
            </Button>
          )}
          {!student.synced && <Button onPress={() => setDoing("edit")}>{t("student.edit")}</Button>}
          <Button look="primary" onPress={() => setDoing("assign")}>
            {t("assign")}
          </Button>
        </div>
      </div>
      <dl className="card facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="soft small">{name}</dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      {student.usageByWeek.some(({ minutes }) => minutes > 0) && (
        <Weeks
          title={t("student.weeks")}
          weeks={student.usageByWeek}
          goal={student.organization.usageGoalMinutesPerWeek}
        />
      )}
      <Groups student={student} />
      {administers && <History organizationId={student.organization.id} studentId={student.id} />}
      {doing === "assign" && <AssignWindow students={[student]} count={1} onClose={close} onDone={close} />}
      {doing === "edit" && <EditWindow student={student} onClose={close} />}
      {doing === "delete" && (
        <DeleteWindow studentIds={[student.id]} count={1} onClose={close} onDone={() => navigate("/students")} />
      )}
    </div>
  );
}
