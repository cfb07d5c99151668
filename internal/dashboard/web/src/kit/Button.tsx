import type { ReactNode } from "react";
import { Button as AriaButton, type ButtonProps } from "react-aria-components/Button";
import { ProgressBar } from "react-aria-components/ProgressBar";
import { useText } from "../text";

type Look = "primary" | "quiet" | "plain" | "danger";
type Props = Omit<ButtonProps, "children" | "className"> & { look?: Look; busy?: boolean; children: ReactNode };

/** A button. While it is busy it stays where it is and says so, and a second click does nothing. */
export function Button({ look = "plain", busy, children, ...props }: Props) {
  const { t } = useText();
  return (
    <AriaButton {...props} isPending={busy} className={`button ${look}`}>
      {busy && <ProgressBar aria-label={t("busy")} isIndeterminate className="spinner" />}
      {children}
    </AriaButton>
  );
}
