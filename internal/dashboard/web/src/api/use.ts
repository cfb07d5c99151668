import { useCallback } from "react";
import { useClient, type AnyVariables, type TypedDocumentNode } from "urql";
import { useSay } from "../kit/Say";
import { useRefusal, useText } from "../text";
import { codeOf } from "./client";

type Payload = { userErrors?: readonly { code: string; message: string }[] };

/** useChange sends a mutation and returns its payload. If it was refused, it shows why and returns nothing. */
export function useChange() {
  const client = useClient();
  const say = useSay();
  const refusal = useRefusal();
  const { t } = useText();
  return useCallback(
    async <Data extends object, Variables extends AnyVariables>(
      document: TypedDocumentNode<Data, Variables>,
      variables: Variables,
    ) => {
      const { data, error } = await client.mutation(document, variables).toPromise();
      const payload = Object.values(data ?? {}).find((value) => typeof value === "object" && value) as
        Payload | undefined;
      const refused =
        payload?.userErrors?.[0] ??
        (error && { code: codeOf(error), message: error.graphQLErrors[0]?.message ?? t("offline") });
      if (refused) {
        say({ text: refusal(refused), bad: true });
        return undefined;
      }
      return data;
    },
    [client, say, refusal, t],
  );
}

/** sayError returns the text for a query that has failed. */
export function useErrorText() {
  const refusal = useRefusal();
  const { t } = useText();
  return (error: { graphQLErrors: readonly { message: string; extensions: Record<string, unknown> }[] }) =>
    error.graphQLErrors[0] ? refusal({ code: codeOf(error), message: error.graphQLErrors[0].message }) : t("offline");
}
