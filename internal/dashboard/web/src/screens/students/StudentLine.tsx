import { Link } from "wouter";
import type { StudentRowFragment } from "../../gql/graphql";
import { LockIcon } from "../../kit/icons";
import { useText } from "../../text";

type Props = { student: StudentRowFragment; showSchool: boolean; ticked: boolean; onToggle: (range: boolean) => void };

const shownGroups = 3;

/** One student of the list. The name leads to the student; a click anywhere else on the line ticks. */
export function StudentLine({ student, showSchool, ticked, onToggle }: Props) {
  const { t, number, day } = useText();
  const name = `${student.firstName} ${student.lastName}`;
  const rest = student.groups.length - shownGroups;
  return (
    <tr
      role="row"
      data-ticked={ticked}
      onClick={(event) => (event.target as Element).closest("input, a") || onToggle(event.shiftKey)}
    >
      <td role="cell" className="tick-cell">
        <input
          type="checkbox"
          className="check"
          aria-label={t("students.tick", { name })}
          checked={ticked}
          onChange={(event) => onToggle((event.nativeEvent as MouseEvent).shiftKey)}
        />
      </td>
      <th role="rowheader" scope="row" className="col-student">
        <Link href={`/students/${student.id}`} className="student-link">
          <bdi>{name}</bdi>
        </Link>
        {student.synced && (
          <span className="lock" title={t("synced.student")}>
            <LockIcon />
            <span className="unseen">{t("synced.student")}</span>
          </span>
        )}
        <span className="soft small under">{student.username}</span>
      </th>
      <td role="cell" className="col-studentId">
        {student.externalId}
      </td>
      <td role="cell" className="col-grade">
        <span className="card-label">{t("grade")} </span>
        {student.grade}
      </td>
      <td role="cell" className="col-groups">
        {student.groups.length === 0 && <span className="badge warm">{t("noGroups")}</span>}
        {student.groups.slice(0, shownGroups).map((group) => (
          <span key={group.id} className="badge pine">
            <bdi>{group.name}</bdi>
          </span>
        ))}
        {rest > 0 && <span className="soft small">{t("students.moreGroups", { count: rest })}</span>}
      </td>
      {showSchool && (
        <td role="cell" className="col-school">
          {student.organization.name}
        </td>
      )}
      <td role="cell" className="col-minutes">
        {number(student.minutesThisSchoolYear)}
        <span className="card-label"> {t("minutes.short")}</span>
      </td>
      <td role="cell" className="col-lastActive">
        {student.lastActiveAt ? day(student.lastActiveAt) : <span className="soft">{t("never")}</span>}
      </td>
    </tr>
  );
}
