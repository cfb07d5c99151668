import { useEffect, useState } from "react";
import { door } from "../../api/client";
import {
  BeginPasskeySignInDocument,
  FinishPasskeySignInDocument,
  ProvidersDocument,
  type ProvidersQuery,
  type SignedInFragment,
} from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useText } from "../../text";
import { hasPasskeys, signWithPasskey } from "./passkey";

type Props = {
  email?: string;
  onSubmit: (email: string, password: string) => Promise<void>;
  onTaken: (payload: SignedInFragment | undefined) => void;
  onProblem: (text: string) => void;
  onForgotten?: () => void;
};

export function PasswordForm({ email, onSubmit, onTaken, onProblem, onForgotten }: Props) {
  const { t } = useText();
  const [busy, setBusy] = useState(false);
  const [providers, setProviders] = useState<ProvidersQuery["signInProviders"]>([]);
  useEffect(() => {
    void door
      .query(ProvidersDocument, {})
      .toPromise()
      .then(({ data }) => setProviders(data?.signInProviders ?? []));
  }, []);

  const submit = async (event: React.FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    setBusy(true);
    await onSubmit(String(form.get("email") ?? email), String(form.get("password")));
    setBusy(false);
  };
  const passkey = async () => {
    setBusy(true);
    try {
      const begun = (await door.mutation(BeginPasskeySignInDocument, {}).toPromise()).data?.beginPasskeySignIn;
      if (!begun?.ceremony) return onProblem(begun?.userErrors[0]?.message ?? t("offline"));
      const { challenge, options, origin } = begun.ceremony;
      const response = await signWithPasskey(options, origin);
      onTaken(
        (await door.mutation(FinishPasskeySignInDocument, { input: { challenge, response } }).toPromise()).data
          ?.finishPasskeySignIn,
      );
    } catch (error) {
      onProblem(t((error as { key?: "passkey.none" }).key ?? "passkey.none"));
    } finally {
      setBusy(false);
    }
  };
  const back = encodeURIComponent(location.pathname + location.search);
  return (
    <form className="stack" method="post" onSubmit={submit}>
      <Field
        label={t("email")}
        name="email"
        type="email"
        autoComplete="username"
        isRequired
        defaultValue={email}
        isReadOnly={Boolean(email)}
      />
      <Field
        label={t("password")}
        name="password"
        type="password"
        autoComplete="current-password"
        isRequired
        autoFocus={Boolean(email)}
      />
      <Button type="submit" look="primary" busy={busy}>
        {t("signIn")}
      </Button>
      <div className="stack ways">
        {providers.map((provider) => (
          <a key={provider.name} className="button" href={`${provider.startUrl}?return=${back}`}>
            {t("signIn.at", { provider: provider.label })}
          </a>
        ))}
        {hasPasskeys() && (
          <Button onPress={passkey} isDisabled={busy}>
            {t("signIn.passkey")}
          </Button>
        )}
        {onForgotten && (
          <Button look="quiet" onPress={onForgotten}>
            {t("forgotten")}
          </Button>
        )}
      </div>
    </form>
  );
}
