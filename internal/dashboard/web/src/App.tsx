import { useCallback, useEffect, useMemo, useState } from "react";
import { Provider } from "urql";
import { codeOf, door, newClient } from "./api/client";
import { PersonProvider, type Viewer } from "./api/person";
import { sessionBack, useSessionEnded } from "./api/session";
import { Frame } from "./frame/Frame";
import { MeDocument } from "./gql/graphql";
import { Button } from "./kit/Button";
import { Say } from "./kit/Say";
import { SignIn } from "./screens/sign-in/SignIn";
import { SignInOver } from "./screens/sign-in/SignInOver";
import { useText } from "./text";

type State = "asking" | "unreachable" | "out" | Viewer;

/** The whole page: who is signed in, and what they see. */
export function App() {
  const { t } = useText();
  const [state, setState] = useState<State>("asking");
  const ask = useCallback(async () => {
    setState("asking");
    const { data, error } = await door.query(MeDocument, {}).toPromise();
    if (data) return setState(data.viewer);
    setState(codeOf(error) === "UNAUTHENTICATED" ? "out" : "unreachable");
  }, []);
  useEffect(() => void ask(), [ask]);

  if (state === "asking") return <div className="wait" aria-busy="true" />;
  if (state === "unreachable")
    return (
      <main className="empty">
        <h1>{t("unreachable.title")}</h1>
        <p>{t("unreachable.advice")}</p>
        <Button look="primary" onPress={ask}>
          {t("again")}
        </Button>
      </main>
    );
  if (state === "out") return <SignIn onDone={setState} />;
  if (state.secondFactors.setupRequired) {
    location.replace("/account/security?return=/");
    return null;
  }
  return <SignedIn viewer={state} key={state.educator.id} />;
}

function SignedIn({ viewer }: { viewer: Viewer }) {
  const client = useMemo(newClient, []);
  const ended = useSessionEnded();
  return (
    <Provider value={client}>
      <PersonProvider viewer={viewer}>
        <Say>
          <Frame />
          {ended && <SignInOver educator={viewer.educator} onBack={sessionBack} />}
        </Say>
      </PersonProvider>
    </Provider>
  );
}
