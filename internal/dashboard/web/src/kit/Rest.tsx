import type { ReactNode } from "react";
import { Button } from "./Button";
import { useText } from "../text";

type Info = { hasNextPage: boolean; endCursor?: string | null };
type Props = { info: Info; left: number; next: (after: string, left: number) => ReactNode; onMore: () => void };

/**
 * What follows a page of a list: the next ones, as many as somebody has asked for, or the button that asks. A page
 * begins where the one before ends now, so that nothing is lost between them when new entries have come in front.
 */
export function Rest({ info, left, next, onMore }: Props) {
  const { t } = useText();
  if (!info.hasNextPage) return null;
  if (left > 0) return next(info.endCursor ?? "", left - 1);
  return <Button onPress={onMore}>{t("more")}</Button>;
}
