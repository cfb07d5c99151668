import type { StudentsQuery } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useText } from "../../text";
import type { List } from "./list";

/** Leads to the pages before and after. */
export function Pager({
  info,
  change,
}: {
  info: NonNullable<StudentsQuery["students"]>["pageInfo"];
  change: (part: Partial<List>) => void;
}) {
  const { t } = useText();
  if (!info.hasNextPage && !info.hasPreviousPage) return null;
  const to = (part: Partial<List>) => {
    change(part);
    scrollTo({ top: 0 });
  };
  return (
    <div className="row pager" role="group" aria-label={t("pages")}>
      <Button isDisabled={!info.hasPreviousPage} onPress={() => to({ before: info.startCursor ?? "" })}>
        {t("pages.previous")}
      </Button>
      <Button isDisabled={!info.hasNextPage} onPress={() => to({ after: info.endCursor ?? "" })}>
        {t("pages.next")}
      </Button>
    </div>
  );
}
