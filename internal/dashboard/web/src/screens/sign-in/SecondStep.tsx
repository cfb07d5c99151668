import { useState } from "react";
import { door } from "../../api/client";
import { CompleteSignInDocument, type SignedInFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useText } from "../../text";
import type { Step } from "./Door";
import { NoPasskey, signWithPasskey } from "./passkey";

type Props = {
  step: Step;
  onTaken: (payload: SignedInFragment | undefined) => void;
  onProblem: (text: string) => void;
  onBack: () => void;
};

/** The second factor: a code or a passkey, whichever the account has. */
export function SecondStep({ step, onTaken, onProblem, onBack }: Props) {
  const { t } = useText();
  const [busy, setBusy] = useState(false);
  const complete = async (input: { code?: string; passkey?: string }) => {
    setBusy(true);
    const { data } = await door
      .mutation(CompleteSignInDocument, { input: { challenge: step.challenge, ...input } })
      .toPromise();
    setBusy(false);
    onTaken(data?.completeSignIn);
  };
  const submit = (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!busy) void complete({ code: String(new FormData(event.currentTarget).get("code")) });
  };
  const passkey = async () => {
    try {
      await complete({ passkey: await signWithPasskey(step.passkeyOptions ?? "") });
    } catch (error) {
      onProblem(t(error instanceof NoPasskey ? error.key : "passkey.none"));
    }
  };
  const codes = step.methods.some((method) => method !== "PASSKEY");
  return (
    <form className="stack" onSubmit={submit}>
      <h2>{t("secondFactor.title")}</h2>
      {codes && (
        <>
          <Field
            label={t("secondFactor.code")}
            help={t("secondFactor.help")}
            name="code"
            autoComplete="one-time-code"
            isRequired
            autoFocus
          />
          <Button type="submit" look="primary" busy={busy}>
            {t("continue")}
          </Button>
        </>
      )}
      {step.passkeyOptions && (
        <Button look={codes ? "plain" : "primary"} onPress={passkey} isDisabled={busy}>
          {t("secondFactor.passkey")}
        </Button>
      )}
      <Button look="quiet" onPress={onBack}>
        {t("back")}
      </Button>
    </form>
  );
}
