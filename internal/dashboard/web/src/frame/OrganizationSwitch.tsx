import { inOrder, usePerson } from "../api/person";
import { Choose } from "../kit/Choose";
import { useText } from "../text";

/** Chooses the district or one of its schools. Who has only one sees its name. */
export function OrganizationSwitch() {
  const { t } = useText();
  const { viewer, organization, setOrganization } = usePerson();
  if (viewer.organizations.length < 2) return <span className="organization">{organization.name}</span>;
  return (
    <Choose
      className="organization quiet"
      label={t("organization")}
      shown={<span className="organization-name">{organization.name}</span>}
      options={inOrder(viewer.organizations)}
      chosen={[organization.id]}
      onChoose={([id]) => id && setOrganization(id)}
    />
  );
}
