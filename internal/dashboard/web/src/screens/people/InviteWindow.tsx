import { useState } from "react";
import { usePerson } from "../../api/person";
import { useChange } from "../../api/use";
import { InvitePersonDocument, type Role } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { Field } from "../../kit/Field";
import { useSay } from "../../kit/Say";
import { Window } from "../../kit/Window";
import { useText } from "../../text";
import { placesFor, rolesFor } from "./people";

/** Gives somebody an account and a role, and sends a link to set a password. */
export function InviteWindow({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const { viewer, organization } = usePerson();
  const change = useChange();
  const say = useSay();
  const [firstName, setFirstName] = useState("");
  const [lastName, setLastName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("TEACHER");
  const [at, setAt] = useState(organization.id);
  const [busy, setBusy] = useState(false);
  const places = placesFor(role, viewer.organizations);
  const place = places.find(({ id }) => id === at) ?? places[0];
  const invite = async () => {
    if (!place) return;
    setBusy(true);
    const input = {
      organizationId: place.id,
      role,
      email: email.trim(),
      firstName: firstName.trim(),
      lastName: lastName.trim(),
    };
    const done = await change(InvitePersonDocument, { input });
    setBusy(false);
    if (!done) return;
    say({ text: t("people.invite.done", { email: input.email }) });
    onClose();
  };
  return (
    <Window
      title={t("people.invite.title")}
      onClose={onClose}
      foot={
        <Button
          look="primary"
          busy={busy}
          isDisabled={!firstName.trim() || !lastName.trim() || !email.includes("@") || !place}
          onPress={invite}
        >
          {t("people.invite.send")}
        </Button>
      }
    >
      <p className="soft">{t("people.invite.lead")}</p>
      <Field label={t("firstName")} value={firstName} onChange={setFirstName} maxLength={100} autoFocus />
      <Field label={t("lastName")} value={lastName} onChange={setLastName} maxLength={100} />
      <Field label={t("email")} type="email" inputMode="email" value={email} onChange={setEmail} maxLength={254} />
      <div className="row">
        <span className="label grow">{t("people.role")}</span>
        <Choose
          label={t("people.role")}
          shown={t(`role.${role}`)}
          options={rolesFor(viewer.organizations).map((id) => ({ id, name: t(`role.${id}`) }))}
          chosen={[role]}
          onChoose={([id]) => setRole(id as Role)}
        />
      </div>
      <div className="row">
        <span className="label grow">{t("people.at")}</span>
        {places.length > 1 ? (
          <Choose
            label={t("people.at")}
            shown={place?.name}
            options={places}
            chosen={place ? [place.id] : []}
            onChoose={([id]) => id && setAt(id)}
          />
        ) : (
          <span>{place?.name}</span>
        )}
      </div>
      <p className="soft small">{t(`role.means.${role}`)}</p>
    </Window>
  );
}
