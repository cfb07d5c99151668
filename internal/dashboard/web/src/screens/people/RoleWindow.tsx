import { useState } from "react";
import { administersAt, usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { EndRoleDocument, SetRoleDocument, type PersonLineFragment, type Role } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { placesFor, rolesFor } from "./people";

/** Shows what somebody does where, ends it, and gives the person another role. */
export function RoleWindow({ person, onClose }: { person: PersonLineFragment; onClose: () => void }) {
  const { t } = useText();
  const { viewer } = usePerson();
  const change = useChange();
  const say = useSay();
  const first = person.roles[0];
  const [role, setRole] = useState<Role>(first?.role ?? "TEACHER");
  const [at, setAt] = useState(first?.organization.id ?? "");
  const [busy, setBusy] = useState("");
  const mine = viewer.organizations.filter((organization) => administersAt(viewer, organization));
  const places = placesFor(role, mine);
  const place = places.find(({ id }) => id === at) ?? places[0];
  const same = person.roles.some((one) => one.role === role && one.organization.id === place?.id);
  const save = async () => {
    if (!place) return;
    setBusy("save");
    const done = await change(SetRoleDocument, { input: { educatorId: person.id, organizationId: place.id, role } });
    setBusy("");
    if (!done) return;
    say({ text: t("people.roles.done", { name: person.name, role: t(`role.${role}`), place: place.name }) });
    onClose();
  };
  const end = async (organizationId: string, name: string) => {
    setBusy(organizationId);
    const done = await change(EndRoleDocument, { input: { educatorId: person.id, organizationId } });
    setBusy("");
    if (done) say({ text: t("people.roles.ended", { name: person.name, place: name }) });
  };
  return (
    <Window
      title={t("people.roles.title", { name: person.name })}
      onClose={onClose}
      foot={
        <Button look="primary" busy={busy === "save"} isDisabled={!place || same} onPress={save}>
          {t("people.roles.give")}
        </Button>
      }
    >
      <ul className="lines">
        {person.roles.map(({ role, organization }) => (
          <li key={`${role} ${organization.id}`} className="row">
            <span className="grow">{`${t(`role.${role}`)} · ${organization.name}`}</span>
            {mine.some(({ id }) => id === organization.id) && (
              <Button
                look="quiet"
                busy={busy === organization.id}
                aria-label={t("people.roles.end.of", { place: organization.name })}
                onPress={() => end(organization.id, organization.name)}
              >
                {t("people.roles.end")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      <p className="soft small">{t("people.roles.means")}</p>
      <div className="row">
        <span className="label grow">{t("people.role")}</span>
        <Choose
          label={t("people.role")}
          shown={t(`role.${role}`)}
          options={rolesFor(mine).map((id) => ({ id, name: t(`role.${id}`) }))}
          chosen={[role]}
          onChoose={([id]) => setRole(id as Role)}
        />
      </div>
      <div className="row">
        <span className="label grow">{t("people.at")}</span>
        <Choose
          label={t("people.at")}
          shown={place?.name}
          options={places}
          chosen={place ? [place.id] : []}
          onChoose={([id]) => id && setAt(id)}
        />
      </div>
      <p className="soft small">{t(`role.means.${role}`)}</p>
    </Window>
  );
}
