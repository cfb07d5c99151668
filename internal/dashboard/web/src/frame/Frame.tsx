import { Suspense, lazy, useEffect, useRef, type ComponentType, type RefObject } from "react";
import { RouterProvider } from "react-aria-components";
import { Redirect, Route, Switch, useLocation } from "wouter";
import { usePerson } from "../api/person";
import { BrandMark } from "./BrandMark";
import { AccountMenu } from "./AccountMenu";
import { Navigation } from "./Navigation";
import { Notice } from "./Notice";
import { Offline } from "./Offline";
import { OrganizationSwitch } from "./OrganizationSwitch";
import { screensFor, type ScreenName } from "./screens";
import { useText } from "../text";
import "./frame.css";

const pages: Record<ScreenName, ComponentType> = {
  usage: lazy(() => import("../screens/usage/Usage")),
  students: lazy(() => import("../screens/students/Students")),
  groups: lazy(() => import("../screens/groups/Groups")),
  import: lazy(() => import("../screens/import/Import")),
  jobs: lazy(() => import("../screens/jobs/Jobs")),
  people: lazy(() => import("../screens/people/People")),
  settings: lazy(() => import("../screens/settings/Settings")),
  audit: lazy(() => import("../screens/audit/Audit")),
};
const Job = lazy(() => import("../screens/import/Job"));
const Student = lazy(() => import("../screens/student/Student"));
const Deleted = lazy(() => import("../screens/deleted/Deleted"));

/** What surrounds every screen. */
export function Frame() {
  const { t } = useText();
  const { administers, organization, viewer } = usePerson();
  const [path, navigate] = useLocation();
  const main = useRef<HTMLElement>(null);
  const screens = screensFor(viewer);
  const title = screens.find((screen) => path.startsWith(`/${screen}`));
  const begun = useRef(path);
  useEffect(() => {
    document.title = title ? `${t(`screen.${title}`)} · Homeroom` : "Homeroom";
  }, [title, t]);

  return (
    <RouterProvider navigate={navigate}>
      <a className="skip" href="#main">
        {t("skip")}
      </a>
      <div className="frame">
        <Navigation screens={screens} path={path} />
        <header className="top">
          <BrandMark />
          <OrganizationSwitch />
          <span className="grow" />
          {administers && <Notice organizationId={organization.id} />}
          <AccountMenu />
        </header>
        <main id="main" ref={main} tabIndex={-1}>
          <Offline />
          <Suspense fallback={<div className="wait" aria-busy="true" />}>
            <Switch>
              <Route path="/jobs/:id" component={Job} />
              {administers && <Route path="/students/deleted" component={Deleted} />}
              <Route path="/students/:id" component={Student} />
              {screens.map((screen) => (
                <Route key={screen} path={`/${screen}`} component={pages[screen]} />
              ))}
              <Route>
                <Redirect to={`/${screens[0]}`} replace />
              </Route>
            </Switch>
            {path !== begun.current && <Arrived key={path} main={main} onArrived={() => (begun.current = "")} />}
          </Suspense>
        </main>
      </div>
    </RouterProvider>
  );
}

/**
 * Moves the focus to where the new screen begins, once it is there; a screen reader reads on from it. Who is already
 * somewhere on the new screen, because they were quick, stays there.
 */
function Arrived({ main, onArrived }: { main: RefObject<HTMLElement | null>; onArrived: () => void }) {
  useEffect(() => {
    onArrived();
    if (main.current?.contains(document.activeElement)) return;
    (main.current?.querySelector("h1") ?? main.current)?.focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }, []);
  return null;
}
