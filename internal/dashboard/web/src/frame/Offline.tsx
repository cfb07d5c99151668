import { useSyncExternalStore } from "react";
import { useText } from "../text";

const watch = (tell: () => void) => {
  addEventListener("online", tell);
  addEventListener("offline", tell);
  return () => {
    removeEventListener("online", tell);
    removeEventListener("offline", tell);
  };
};

/** Says that this device has no network. */
export function Offline() {
  const { t } = useText();
  const online = useSyncExternalStore(watch, () => navigator.onLine);
  return (
    <div role="status">
      {!online && <p className="banner warm">{t("offline.banner")}</p>}
    </div>
  );
}
