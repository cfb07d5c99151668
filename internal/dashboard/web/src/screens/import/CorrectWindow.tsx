import { useState } from "react";
import { useLocation } from "wouter";
import { useChange } from "../../api/use";
import {
  CorrectRowDocument,
  type BulkJobCellInput,
  type JobFragment,
  type RefusedRowFragment,
} from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { hasSlipped, linesOf, toCorrect } from "./correct";
import { markCorrected } from "./files";

type Props = { job: JobFragment; row: RefusedRowFragment; onClose: () => void };

/** Gives the cells of one refused row new values. The server checks the row at once, and says what is still wrong. */
export function CorrectWindow({ job, row, onClose }: Props) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const [, navigate] = useLocation();
  const [problems, setProblems] = useState(row.problems);
  const [typed, setTyped] = useState<ReadonlyMap<string, string>>(new Map());
  const [busy, setBusy] = useState("");
  // The order stays as it was when the window was opened, whatever is found wrong later.
  const [lines] = useState(() => linesOf(row.cells, job.detected?.columns ?? [], row.problems));
  const values = toCorrect(lines, typed, hasSlipped(row.cells));
  const save = async (what: string, values: BulkJobCellInput[]) => {
    setBusy(what);
    const done = (await change(CorrectRowDocument, { input: { jobId: job.id, row: row.row, values } }))
      ?.correctBulkJobRow;
    setBusy("");
    if (!done?.job) return;
    const { id } = done.job;
    const still = done.problems.filter(({ severity }) => severity === "ERROR");
    if (id === job.id && still.length) return setProblems(still);
    onClose();
    markCorrected(job.id);
    if (id !== job.id) navigate(`/jobs/${id}`);
    say({ text: t(id === job.id ? "correct.done" : "correct.done.job", { row: row.row }) });
  };
  const candidates = problems.flatMap(({ candidates }) => candidates);
  return (
    <Window
      title={t("correct.title", { row: row.row })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy === "save"} isDisabled={!values.length} onPress={() => save("save", values)}>
          {t("correct.save")}
        </Button>
      }
    >
      <div className="banner bad correct-problems" role="alert">
        {problems.map(({ code, column, message, hint }) => (
          <p key={`${code} ${column} ${message}`}>
            {[column, message].filter(Boolean).join(": ")}
            {hint && <span className="small correct-hint">{hint}</span>}
          </p>
        ))}
      </div>
      {candidates.map((student) => (
        <div key={student.id} className="row">
          <span className="grow">
            <b>
              <bdi>{`${student.firstName} ${student.lastName}`}</bdi>
            </b>
            <span className="soft small correct-hint">
              {[student.externalId, `${t("grade")} ${student.grade}`, student.organization.name].join(" · ")}
            </span>
          </span>
          <Button
            busy={busy === student.id}
            onPress={() => save(student.id, [...values, { column: "Database ID", value: student.id }])}
          >
            {t("correct.candidate")}
          </Button>
        </div>
      ))}
      {hasSlipped(row.cells) && <p className="banner warm">{t("correct.slipped")}</p>}
      <div className="correct-cells">
        {lines.map(({ header, value, password }, i) => (
          <Field
            key={`${i} ${header}`}
            label={header}
            type={password ? "password" : "text"}
            autoComplete="off"
            value={typed.get(header) ?? value}
            onChange={(text) => setTyped(new Map(typed).set(header, text))}
            help={password ? t(job.startedAt ? "correct.password.again" : "correct.password") : undefined}
            autoFocus={i === 0}
          />
        ))}
      </div>
    </Window>
  );
}
