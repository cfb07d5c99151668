import { useEffect, useRef, useState } from "react";
import { useQuery, useSubscription } from "urql";
import { Link } from "wouter";
import { NoticeDocument, WatchNoticeDocument } from "../gql/graphql";
import { BellIcon, TickIcon } from "../kit/icons";
import { useText } from "../text";

/** useNotice is how many active students are in no group, now and whenever that changes. */
export function useNotice(organizationId: string) {
  const variables = { organizationId };
  const [{ data, fetching }, refetch] = useQuery({ query: NoticeDocument, variables });
  useSubscription({ query: WatchNoticeDocument, variables });
  const notice = data?.dashboardNotifications?.find(({ kind }) => kind === "UNASSIGNED_ACTIVE_STUDENTS");
  return { notice, fetching, refetch };
}

/** The notice at the top right. It leads to exactly the students that it counts. */
export function Notice({ organizationId }: { organizationId: string }) {
  const { t, number } = useText();
  const { notice } = useNotice(organizationId);
  const shown = useFalling(notice?.count, organizationId);
  if (!notice || shown === undefined) return <span className="notice" aria-hidden="true" />;
  const text = t("notice", { count: notice.count });
  if (notice.count === 0)
    return (
      <span className="notice calm" role="status">
        <TickIcon />
        <span className="notice-text">{text}</span>
      </span>
    );
  return (
    <Link href="/students?groups=none&active=yes" className="notice">
      <BellIcon />
      <b className="notice-count">{number(shown)}</b>{" "}
      <span className="notice-text">{t("notice.rest", { count: notice.count })}</span>
    </Link>
  );
}

/** useFalling counts to a new value, so that people see it change. At another organization it jumps there. */
function useFalling(to: number | undefined, place: string): number | undefined {
  const [shown, setShown] = useState(to);
  const from = useRef({ place, value: to });
  useEffect(() => {
    const start = from.current;
    from.current = { place, value: to };
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (to === undefined || start.value === undefined || start.place !== place || still) return setShown(to);
    const began = performance.now();
    const first = start.value;
    let frame = requestAnimationFrame(function step(now) {
      const part = Math.min((now - began) / 600, 1);
      setShown(Math.round(first + (to - first) * (1 - (1 - part) ** 3)));
      if (part < 1) frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [to, place]);
  return shown;
}
