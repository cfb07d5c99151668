import { useState } from "react";
import { codeOf, door } from "../../api/client";
import type { Viewer } from "../../api/person";
import type { SignedInFragment } from "../../gql/graphql";
import { useRefusal, useText } from "../../text";
import { PasswordForm } from "./PasswordForm";
import { SecondStep } from "./SecondStep";
import { SignInDocument } from "../../gql/graphql";

export type Step = NonNullable<SignedInFragment["secondFactor"]>;

/** Signs somebody in: by password and, where the account has one, by a second factor; or at a provider. */
export function Door(props: { email?: string; onDone: (viewer: Viewer) => void; onForgotten?: () => void }) {
  const { t } = useText();
  const refusal = useRefusal();
  const [step, setStep] = useState<Step | null>(null);
  const [problem, setProblem] = useState("");

  /** take reads what an attempt has led to. */
  const take = (payload: SignedInFragment | undefined) => {
    if (payload?.viewer) return props.onDone(payload.viewer);
    const refused = payload?.userErrors[0];
    if (payload?.secondFactor) setStep(payload.secondFactor);
    else if (refused?.code === "CHALLENGE_ENDED") setStep(null);
    setProblem(payload?.secondFactor ? "" : refused ? refusal(refused) : t("offline"));
  };
  const signIn = async (email: string, password: string) => {
    setProblem("");
    const { data, error } = await door.mutation(SignInDocument, { input: { email, password } }).toPromise();
    if (error?.graphQLErrors[0]) setProblem(refusal({ code: codeOf(error), message: error.graphQLErrors[0].message }));
    else take(data?.signIn);
  };
  return (
    <div className="stack">
      <div role="alert">{problem && <p className="banner bad">{problem}</p>}</div>
      {step ? (
        <SecondStep step={step} onTaken={take} onProblem={setProblem} onBack={() => setStep(null)} />
      ) : (
        <PasswordForm
          email={props.email}
          onSubmit={signIn}
          onTaken={take}
          onProblem={setProblem}
          onForgotten={props.onForgotten}
        />
      )}
    </div>
  );
}
