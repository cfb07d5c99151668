import type { UsageQuery } from "../../gql/graphql";
import { useText } from "../../text";

/** One row for each school or group, and one for the students in none. */
export function Rows({ rows }: { rows: NonNullable<UsageQuery["usageReport"]>["rows"] }) {
  const { t, number } = useText();
  return (
    <div className="card table-card rows" tabIndex={0} role="region" aria-label={t("usage.rows")}>
      <table className="sheet">
        <caption className="unseen">{t("usage.rows")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("usage.name")}</th>
            <th scope="col">{t("usage.active")}</th>
            <th scope="col">{t("usage.minutes")}</th>
            <th scope="col">{t("usage.average")}</th>
            <th scope="col">{t("usage.reached")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ organization, group, ungrouped, totals }) => (
            <tr key={organization?.id ?? group?.id ?? "none"}>
              <th scope="row">
                {ungrouped ? (
                  <span className="badge warm">{t("noGroups")}</span>
                ) : (
                  <bdi>{organization?.name ?? group?.name}</bdi>
                )}
              </th>
              <td>{number(totals.activeStudents)}</td>
              <td>{number(totals.minutes)}</td>
              <td>{number(Math.round(totals.averageMinutesPerStudentPerWeek))}</td>
              <td>{number(totals.studentsMeetingGoal)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
