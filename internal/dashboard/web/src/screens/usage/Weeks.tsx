import type { UsageQuery } from "../../gql/graphql";
import { useText } from "../../text";

type Props = { weeks: NonNullable<UsageQuery["usageReport"]>["weeks"]; goal: number };

/** The average minutes of each week as bars, against the goal. The numbers stand above the bars, for everybody. */
export function Weeks({ weeks, goal }: Props) {
  const { t, number, intl } = useText();
  const most = Math.max(goal, ...weeks.map(({ totals }) => totals.averageMinutesPerStudentPerWeek)) * 1.1 || 1;
  const part = (minutes: number) => `${(minutes / most) * 100}%`;
  return (
    <figure className="card weeks" aria-labelledby="weeks">
      <figcaption id="weeks" className="row">
        <h2 className="grow">{t("usage.weeks")}</h2>
        <span className="soft small goal-key">{t("usage.goalLine", { goal })}</span>
      </figcaption>
      <div className="bars">
        <div className="goal" style={{ bottom: part(goal) }} aria-hidden="true" />
        <ol>
          {weeks.map(({ weekEnding, totals }) => {
            const average = totals.averageMinutesPerStudentPerWeek;
            return (
              <li key={weekEnding}>
                <span className="bar" data-reached={average >= goal} style={{ height: part(average) }}>
                  <b>{number(Math.round(average))}</b>
                </span>
                <span className="soft small bar-name">
                  <span className="unseen">{t("usage.weekEnding")} </span>
                  {intl.formatDate(weekEnding, { day: "numeric", month: "short", timeZone: "UTC" })}
                </span>
              </li>
            );
          })}
        </ol>
      </div>
    </figure>
  );
}
