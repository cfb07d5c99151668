import { useSyncExternalStore } from "react";
import { useLost } from "../api/socket";
import { useText } from "../text";

const watch = (tell: () => void) => {
  addEventListener("online", tell);
  addEventListener("offline", tell);
  return () => {
    removeEventListener("online", tell);
    removeEventListener("offline", tell);
  };
};

/** Says that this device has no network, or that the server is gone. */
export function Offline() {
  const { t } = useText();
  const online = useSyncExternalStore(watch, () => navigator.onLine);
  const lost = useLost();
  return (
    <div role="status" className="offline">
      {(!online || lost) && <p className="banner warm">{t(online ? "lost.banner" : "offline.banner")}</p>}
    </div>
  );
}
