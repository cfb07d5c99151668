import type { ReadingFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { useText } from "../../text";
import { asItSays, choose, notRead } from "./mapping";

type Props = {
  reading: ReadingFragment;
  choices: ReadonlyMap<string, string>;
  /** Columns to choose; none where nothing can be changed. */
  columns: string[];
  onChoose: (choices: ReadonlyMap<string, string>) => void;
};

/** One header of the file: what it is read as, and why. */
export function Header({ reading, choices, columns, onChoose }: Props) {
  const { t } = useText();
  const { header, how, suggestion } = reading;
  const chosen = choices.get(header);
  const told = how === "CHOSEN" || how === "REMEMBERED";
  // What a header that somebody has decided about would say itself is not known before it is asked for.
  const itself = reading.columns.length && !told ? reading.columns.join(" + ") : "";
  const shown =
    chosen === notRead ? t("columns.notRead") : (chosen ?? (itself || t(told ? "columns.itself" : "columns.notRead")));
  const pick = (column: string) => onChoose(choose(choices, header, column));
  return (
    <li className="column" data-read={shown !== t("columns.notRead")}>
      <b className="column-header">
        <bdi>{header || t("columns.nameless")}</bdi>
      </b>
      <span aria-hidden="true" className="soft">
        →
      </span>
      {columns.length > 0 && header ? (
        <Choose
          label={t("columns.of", { header })}
          shown={shown}
          options={[
            { id: asItSays, name: itself ? t("columns.itself.as", { column: itself }) : t("columns.itself") },
            { id: notRead, name: t("columns.notRead") },
            ...columns.filter((name) => name !== itself).map((name) => ({ id: name, name })),
          ]}
          chosen={[chosen ?? asItSays]}
          onChoose={([column]) => column && pick(column)}
        />
      ) : (
        <span>{shown}</span>
      )}
      <span className="soft small column-why">
        {how === "REMEMBERED" && chosen !== undefined && t("columns.how.REMEMBERED")}
        {how === "MEANING" && chosen === undefined && itself && t("columns.how.MEANING")}
        {suggestion && chosen === undefined && columns.includes(suggestion) && (
          <Button look="quiet" onPress={() => pick(suggestion)}>
            {t("columns.suggestion", { column: suggestion })}
          </Button>
        )}
      </span>
    </li>
  );
}
