import { useChange } from "../../api/use";
import { EnablePersonDocument, type PersonLineFragment } from "../../gql/graphql";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";

/** useEnable lets somebody sign in again whose account was disabled. */
export function useEnable() {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  return async ({ id, name }: Pick<PersonLineFragment, "id" | "name">) => {
    if (await change(EnablePersonDocument, { id })) say({ text: t("people.enable.done", { name }) });
  };
}
