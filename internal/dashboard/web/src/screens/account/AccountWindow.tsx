import { useState } from "react";
import { useQuery } from "urql";
import { useChange } from "../../api/use";
import { EndOtherSessionsDocument, EndSessionDocument, MySessionsDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { NewPassword } from "./NewPassword";
import { deviceOf } from "./device";

/** The own password, and where one is signed in. */
export default function AccountWindow({ onClose }: { onClose: () => void }) {
  const { t, intl } = useText();
  const change = useChange();
  const [busy, setBusy] = useState("");
  const [{ data }, ask] = useQuery({ query: MySessionsDocument, requestPolicy: "network-only" });
  const sessions = data?.viewer.sessions ?? [];
  const run = async (name: string, act: () => Promise<unknown>) => {
    setBusy(name);
    if (await act()) ask({ requestPolicy: "network-only" });
    setBusy("");
  };
  const others = sessions.filter(({ current }) => !current).length;
  return (
    <Window title={t("account.own")} onClose={onClose} closes={t("close")}>
      <NewPassword onDone={() => ask({ requestPolicy: "network-only" })} />
      <h3>{t("account.sessions")}</h3>
      <ul className="lines" aria-busy={!data}>
        {sessions.map(({ id, userAgent, address, lastUsedAt, current }) => (
          <li key={id} className="row">
            <span className="grow">
              <b>{deviceOf(userAgent) || t("account.session.unknown")}</b>{" "}
              {current && <span className="badge good">{t("account.session.this")}</span>}
              <span className="soft small session-when">
                {[intl.formatDate(lastUsedAt, { dateStyle: "medium", timeStyle: "short" }), address]
                  .filter(Boolean)
                  .join(" · ")}
              </span>
            </span>
            {!current && (
              <Button look="quiet" busy={busy === id} onPress={() => run(id, () => change(EndSessionDocument, { id }))}>
                {t("account.session.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others > 0 && (
        <div className="row">
          <Button busy={busy === "others"} onPress={() => run("others", () => change(EndOtherSessionsDocument, {}))}>
            {t("account.session.others", { count: others })}
          </Button>
        </div>
      )}
    </Window>
  );
}
