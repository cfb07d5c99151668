import { useText } from "../../text";
import "./usage.css";

type Props = { title: string; weeks: { weekEnding: string; minutes: number }[]; goal: number };

/** The minutes of each week as bars, against the goal. The numbers stand above the bars, for everybody. */
export function Weeks({ title, weeks, goal }: Props) {
  const { t, number, intl } = useText();
  const most = Math.max(goal, ...weeks.map(({ minutes }) => minutes)) * 1.1 || 1;
  const part = (minutes: number) => `${(minutes / most) * 100}%`;
  return (
    <figure className="card weeks" aria-labelledby="weeks">
      <figcaption id="weeks" className="row">
        <h2 className="grow">{title}</h2>
        <span className="soft small goal-key">{t("usage.goalLine", { goal })}</span>
      </figcaption>
      <div className="bars">
        <div className="goal" style={{ bottom: part(goal) }} aria-hidden="true" />
        <ol>
          {weeks.map(({ weekEnding, minutes }) => (
            <li key={weekEnding}>
              <span className="bar" data-reached={minutes >= goal} style={{ height: part(minutes) }}>
                <b>{number(Math.round(minutes))}</b>
              </span>
              <span className="soft small bar-name">
                <span className="unseen">{t("usage.weekEnding")} </span>
                {intl.formatDate(weekEnding, { day: "numeric", month: "short", timeZone: "UTC" })}
              </span>
            </li>
          ))}
        </ol>
      </div>
    </figure>
  );
}
