import { useState } from "react";
import { Link } from "wouter";
import type { StudentRowFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { LockIcon } from "../../kit/icons";
import { useText } from "../../text";
import { useRemove } from "../students/assign";

/** The groups of a student, each with a button to leave it. */
export function Groups({ student }: { student: StudentRowFragment }) {
  const { t } = useText();
  const remove = useRemove();
  const [leaving, setLeaving] = useState("");
  const leave = async (groupId: string) => {
    setLeaving(groupId);
    await remove([student], groupId);
    setLeaving("");
  };
  return (
    <section className="card stack" aria-label={t("groups")}>
      <h2>{t("groups")}</h2>
      {!student.groups.length && (
        <p>
          <span className="badge warm">{t("noGroups")}</span> {student.active && t("student.unseen")}
        </p>
      )}
      <ul className="lines">
        {student.groups.map((group) => (
          <li key={group.id} className="row">
            <Link href={`/students?groups=${group.id}`} className="grow">
              <bdi>{group.name}</bdi>
            </Link>
            {group.synced ? (
              <span className="soft small with-lock">
                <LockIcon />
                {t("synced.why")}
              </span>
            ) : (
              <Button
                look="quiet"
                busy={leaving === group.id}
                aria-label={t("student.leave.of", { name: group.name })}
                onPress={() => leave(group.id)}
              >
                {t("remove")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
