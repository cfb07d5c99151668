import { useState } from "react";
import { useQuery } from "urql";
import { Link } from "wouter";
import { usePerson } from "../../api/person";
import { useErrorText } from "../../api/use";
import { UsageDocument, type UsagePeriod } from "../../gql/graphql";
import { Choose } from "../../kit/Choose";
import { useText } from "../../text";
import { Rows } from "./Rows";
import { Weeks } from "./Weeks";
import "../import/import.css";
import "./usage.css";

const periods = [
  "THIS_WEEK",
  "LAST_WEEK",
  "FOUR_WEEKS",
  "EIGHT_WEEKS",
  "YEAR_TO_DATE",
] as const satisfies UsagePeriod[];
type Period = (typeof periods)[number];

/** How much the students of an organization have learned, and how many of them are in no group. */
export default function Usage() {
  const { t, number, day } = useText();
  const { organization } = usePerson();
  const errorText = useErrorText();
  const [period, setPeriod] = useState<Period>("FOUR_WEEKS");
  const [{ data, error, fetching }] = useQuery({
    query: UsageDocument,
    variables: { organizationId: organization.id, period },
    requestPolicy: "cache-and-network",
  });
  const report = data?.usageReport;
  const unassigned = report?.notifications[0]?.count ?? 0;
  return (
    <div className="screen" aria-busy={fetching}>
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>{t("screen.usage")}</h1>
          <p className="soft">{report ? t("usage.span", { from: day(report.from), to: day(report.to) }) : " "}</p>
        </div>
        <Choose
          label={t("usage.period")}
          shown={t(`period.${period}`)}
          options={periods.map((id) => ({ id, name: t(`period.${id}`) }))}
          chosen={[period]}
          onChoose={([id]) => setPeriod(id as Period)}
        />
      </div>
      {error && !report && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {report && (
        <>
          <dl className="tiles">
            <Tile name={t("usage.active")} value={number(report.totals.activeStudents)} />
            <Tile name={t("usage.minutes")} value={number(report.totals.minutes)} />
            <Tile name={t("usage.average")} value={number(Math.round(report.totals.averageMinutesPerStudentPerWeek))} />
            <Tile
              name={t("usage.goal", { goal: report.goalMinutesPerWeek })}
              value={number(report.totals.studentsMeetingGoal)}
            />
          </dl>
          {unassigned > 0 && (
            <p className="banner warm">
              <span className="grow">{t("usage.unseen", { count: unassigned })}</span>
              <Link className="button" href="/students?groups=none&active=yes">
                {t("usage.look")}
              </Link>
            </p>
          )}
          <Weeks
            title={t("usage.weeks")}
            weeks={report.weeks.map(({ weekEnding, totals }) => ({
              weekEnding,
              minutes: totals.averageMinutesPerStudentPerWeek,
            }))}
            goal={report.goalMinutesPerWeek}
          />
          <Rows rows={report.rows} />
        </>
      )}
    </div>
  );
}

function Tile({ name, value }: { name: string; value: string }) {
  return (
    <div className="card tile">
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
