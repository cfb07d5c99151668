import { useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { usePerson } from "../../api/person";
import type { PersonLineFragment } from "../../gql/graphql";
import { MoreIcon } from "../../kit/icons";
import { useText } from "../../text";
import { DisableWindow } from "./DisableWindow";
import { FactorsWindow } from "./FactorsWindow";
import { RoleWindow } from "./RoleWindow";
import { useEnable, useInvitation } from "./useEnable";

/** One person: the roles, the groups, and what can be done with the account. */
export function PersonLine({ person }: { person: PersonLineFragment }) {
  const { t, day } = useText();
  const { viewer } = usePerson();
  const enable = useEnable();
  const { resend, withdraw } = useInvitation();
  const [doing, setDoing] = useState<"disable" | "factors" | "role" | null>(null);
  const self = person.id === viewer.educator.id;
  const act = (key: React.Key) => {
    if (key === "enable") void enable(person);
    else if (key === "resend") void resend(person);
    else if (key === "withdraw") void withdraw(person);
    else setDoing(key as typeof doing);
  };
  return (
    <li className="person" data-disabled={Boolean(person.disabled)}>
      <div className="person-who">
        <b>
          <bdi>{person.name}</bdi>
        </b>
        <span className="soft small">{person.email || t("people.noEmail")}</span>
      </div>
      <ul className="row person-roles">
        {person.roles.map(({ role, organization }) => (
          <li key={`${role} ${organization.id}`} className={`badge ${role === "TEACHER" ? "" : "pine"}`}>
            {`${t(`role.${role}`)} · ${organization.name}`}
          </li>
        ))}
        {person.groups.length > 0 && (
          <li className="soft small" title={person.groups.map(({ name }) => name).join(", ")}>
            {t("people.groups", { count: person.groups.length })}
          </li>
        )}
      </ul>
      {person.invitation && !person.disabled && (
        <span className="badge warm">{t("people.invited", { day: day(person.invitation.expiresAt) })}</span>
      )}
      {person.disabled && <span className="badge bad">{t("people.disabled")}</span>}
      {self && <span className="badge">{t("people.you")}</span>}
      {!self && (
        <MenuTrigger>
          <AriaButton className="button quiet person-actions" aria-label={t("people.actions", { name: person.name })}>
            <MoreIcon />
          </AriaButton>
          <Popover className="popover" placement="bottom end">
            <Menu className="menu" aria-label={t("people.actions", { name: person.name })} onAction={act}>
              <MenuItem id="role" className="menu-item">
                {t("people.roles")}
              </MenuItem>
              {person.invitation && !person.disabled && (
                <>
                  <MenuItem id="resend" className="menu-item">
                    {t("people.resend")}
                  </MenuItem>
                  <MenuItem id="withdraw" className="menu-item">
                    {t("people.withdraw")}
                  </MenuItem>
                </>
              )}
              <MenuItem id={person.disabled ? "enable" : "disable"} className="menu-item">
                {t(person.disabled ? "people.enable" : "people.disable")}
              </MenuItem>
              <MenuItem id="factors" className="menu-item">
                {t("people.factors")}
              </MenuItem>
            </Menu>
          </Popover>
        </MenuTrigger>
      )}
      {doing === "disable" && <DisableWindow person={person} onClose={() => setDoing(null)} />}
      {doing === "role" && <RoleWindow person={person} onClose={() => setDoing(null)} />}
      {doing === "factors" && <FactorsWindow person={person} onClose={() => setDoing(null)} />}
    </li>
  );
}
