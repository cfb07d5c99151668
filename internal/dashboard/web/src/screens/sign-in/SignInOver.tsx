import type { Viewer } from "../../api/person";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { Door } from "./Door";

/** Signs somebody in again, over the page on which the session ended. Work that was begun there is kept. */
export function SignInOver({ educator, onBack }: { educator: Viewer["educator"]; onBack: () => void }) {
  const { t } = useText();
  const done = (viewer: Viewer) => {
    // Somebody else must not see the page of the previous person.
    if (viewer.educator.id === educator.id) onBack();
    else location.assign("/");
  };
  return (
    <Window title={t("signInOver.title")}>
      <p className="soft">{t("signInOver.lead")}</p>
      <Door email={educator.email} onDone={done} />
    </Window>
  );
}
