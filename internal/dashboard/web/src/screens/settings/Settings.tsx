import { useState } from "react";
import { useQuery } from "urql";
import { usePerson } from "../../api/person";
import { useChange, useErrorText } from "../../api/use";
import { SettingsDocument, UpdateSettingsDocument, type WithSettingsFragment } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";
import { Pending } from "./Pending";
import { Setting } from "./Setting";
import { sections, valueOf, type Draft, type Name } from "./draft";
import "./settings.css";

/** The settings of an organization: its own, or those that it inherits. */
export default function Settings() {
  const { t } = useText();
  const { organization } = usePerson();
  const errorText = useErrorText();
  const [{ data, error }] = useQuery({
    query: SettingsDocument,
    variables: { organizationId: organization.id },
    requestPolicy: "cache-and-network",
  });
  const found = data?.organization;
  return (
    <div className="screen settings">
      <div>
        <h1 tabIndex={-1}>{t("screen.settings")}</h1>
        <p className="soft">
          {t(organization.type === "DISTRICT" ? "settings.lead.district" : "settings.lead.school")}
        </p>
      </div>
      {error && !found && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {!error && !found && <div className="wait" aria-busy="true" />}
      {found && <Pending organizationId={found.id} pending={found.settings.pending} />}
      {found && <Form key={found.id} organization={found} />}
    </div>
  );
}

function Form({ organization }: { organization: WithSettingsFragment }) {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const [draft, setDraft] = useState<Draft>({});
  const [busy, setBusy] = useState(false);
  const { settings, type } = organization;
  const set = (name: Name, value: Draft[Name]) => {
    const next = { ...draft, [name]: value };
    if (JSON.stringify(value) === JSON.stringify(valueOf(settings, name))) delete next[name];
    setDraft(next);
  };
  const save = async () => {
    setBusy(true);
    const done = await change(UpdateSettingsDocument, { input: { organizationId: organization.id, ...draft } });
    setBusy(false);
    if (!done) return;
    const now = done.updateOrganizationSettings.organization?.settings.pending ?? [];
    const waits = now.some(
      ({ setting, requestedAt }) =>
        !settings.pending.some((p) => p.setting === setting && p.requestedAt === requestedAt),
    );
    say({ text: t(waits ? "settings.saved.waits" : "settings.saved") });
    setDraft({});
  };
  const changed = Object.keys(draft).length > 0;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (changed && !busy) void save();
      }}
    >
      {sections.map(({ title, names }) => (
        <section key={title} className="card stack">
          <h2>{t(title)}</h2>
          {names
            .filter((name) => type === "DISTRICT" || (name !== "retentionDays" && name !== "jobDays"))
            .map((name) => (
              <Setting
                key={name}
                name={name}
                settings={settings}
                draft={draft}
                atSchool={type === "SCHOOL"}
                onChange={set}
              />
            ))}
        </section>
      ))}
      <div className="row settings-foot bar-at-foot">
        <Button look="quiet" isDisabled={!changed} onPress={() => setDraft({})}>
          {t("settings.discard")}
        </Button>
        <Button look="primary" type="submit" busy={busy} isDisabled={!changed}>
          {t("save")}
        </Button>
      </div>
    </form>
  );
}
