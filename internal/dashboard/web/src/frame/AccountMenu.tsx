import { lazy, Suspense, useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Header } from "react-aria-components/Header";
import { Menu, MenuItem, MenuSection, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { Separator } from "react-aria-components/Separator";
import { door } from "../api/client";
import { usePerson } from "../api/person";
import { SignOutDocument } from "../gql/graphql";
import { PersonIcon, TickIcon } from "../kit/icons";
import { languages, useLanguage, useText, type Language } from "../text";
import { screensFor, seldom } from "./screens";
import { themes, useTheme, type Theme } from "./theme";

const AccountWindow = lazy(() => import("../screens/account/AccountWindow"));

async function signOut() {
  await door.mutation(SignOutDocument, {}).toPromise();
  location.assign("/");
}

/** The account: language, theme, second factors and sessions, signing out. */
export function AccountMenu() {
  const { t } = useText();
  const { viewer } = usePerson();
  const [language, setLanguage] = useLanguage();
  const [theme, setTheme] = useTheme();
  const [leaving, setLeaving] = useState(false);
  const [open, setOpen] = useState(false);
  const act = (key: React.Key) => {
    if (key === "own") setOpen(true);
    if (key !== "out" || leaving) return;
    setLeaving(true);
    void signOut();
  };
  return (
    <>
      <MenuTrigger>
        <AriaButton className="button quiet account" aria-label={t("account.of", { name: viewer.educator.name })}>
          <PersonIcon />
        </AriaButton>
        <Popover className="popover" placement="bottom end">
          <Menu className="menu" aria-label={t("account")} onAction={act}>
            <MenuSection
              selectionMode="single"
              selectedKeys={[language]}
              onSelectionChange={(keys) => setLanguage([...keys][0] as Language)}
            >
              <Header className="menu-head">
                <div>{viewer.educator.name}</div>
                <div className="soft">{viewer.educator.email}</div>
                <br />
                {t("language")}
              </Header>
              {Object.entries(languages).map(([id, name]) => (
                <Choice key={id} id={id} name={name} />
              ))}
            </MenuSection>
            <MenuSection
              selectionMode="single"
              selectedKeys={[theme]}
              onSelectionChange={(keys) => setTheme([...keys][0] as Theme)}
            >
              <Header className="menu-head">{t("theme")}</Header>
              {themes.map((id) => (
                <Choice key={id} id={id} name={t(`theme.${id}`)} />
              ))}
            </MenuSection>
            <Separator />
            {seldom
              .filter((screen) => screensFor(viewer).includes(screen))
              .map((screen) => (
                <MenuItem key={screen} id={screen} className="menu-item only-narrow" href={`/${screen}`}>
                  {t(`screen.${screen}`)}
                </MenuItem>
              ))}
            <MenuItem id="own" className="menu-item">
              {t("account.own")}
            </MenuItem>
            <MenuItem
              id="security"
              className="menu-item"
              href="/account/security?return=/"
              routerOptions={undefined}
              target="_self"
            >
              {t("account.security")}
            </MenuItem>
            <MenuItem id="out" className="menu-item">
              {t("signOut")}
            </MenuItem>
          </Menu>
        </Popover>
      </MenuTrigger>
      {open && (
        <Suspense>
          <AccountWindow onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

function Choice({ id, name }: { id: string; name: string }) {
  return (
    <MenuItem id={id} className="menu-item" textValue={name}>
      {({ isSelected }) => (
        <>
          {name}
          {isSelected && (
            <span className="tick">
              <TickIcon />
            </span>
          )}
        </>
      )}
    </MenuItem>
  );
}
