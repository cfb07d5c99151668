import { useState } from "react";
import { useChange } from "../../api/use";
import { ChangePasswordDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Field } from "../../kit/Field";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";

/**
 * Changes the own password. What was refused is said, and the fields stay as they are. The button is never disabled: it
 * would lose the focus when the fields are emptied, and with it the window the key that closes it.
 */
export function NewPassword({ onDone }: { onDone: () => void }) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const [now, setNow] = useState("");
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(false);
  const save = async () => {
    setBusy(true);
    const ok = await change(ChangePasswordDocument, { input: { currentPassword: now, newPassword: next } });
    setBusy(false);
    setDone(Boolean(ok));
    if (!ok) return;
    say(null);
    setNow("");
    setNext("");
    onDone();
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void save();
      }}
    >
      <h3>{t("account.password")}</h3>
      <Field
        label={t("account.password.now")}
        type="password"
        autoComplete="current-password"
        isRequired
        value={now}
        onChange={setNow}
      />
      <Field
        label={t("account.password.next")}
        help={t("account.password.help")}
        type="password"
        autoComplete="new-password"
        isRequired
        minLength={8}
        value={next}
        onChange={setNext}
      />
      <div className="row">
        <Button type="submit" look="primary" busy={busy}>
          {t("account.password.save")}
        </Button>
        <span role="status">{done && t("account.password.done")}</span>
      </div>
    </form>
  );
}
