import { useState } from "react";
import { door } from "../../api/client";
import { RequestPasswordResetDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useRefusal, useText } from "../../text";

/** Asks for a link to set a new password. The answer is the same for every address. */
export function Forgotten({ onBack }: { onBack: () => void }) {
  const { t } = useText();
  const refusal = useRefusal();
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const [problem, setProblem] = useState("");
  const submit = async (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const email = String(new FormData(event.currentTarget).get("email"));
    setBusy(true);
    setProblem("");
    const { data, error } = await door.mutation(RequestPasswordResetDocument, { email }).toPromise();
    setBusy(false);
    const refused = data?.requestPasswordReset.userErrors[0] ?? error?.graphQLErrors[0];
    if (data && !refused) setDone(true);
    else setProblem(refused ? refusal(refused) : t("offline"));
  };
  return (
    <form className="stack" onSubmit={submit}>
      <h1>{t("forgotten.title")}</h1>
      <div role="alert">{problem && <p className="banner bad">{problem}</p>}</div>
      <div role="status">{done && <p className="banner good">{t("forgotten.done")}</p>}</div>
      {!done && (
        <>
          <p className="soft">{t("forgotten.lead")}</p>
          <Field label={t("email")} name="email" type="email" autoComplete="username" isRequired autoFocus />
          <Button type="submit" look="primary" busy={busy}>
            {t("forgotten.send")}
          </Button>
        </>
      )}
      <Button look="quiet" onPress={onBack}>
        {t("back")}
      </Button>
    </form>
  );
}
