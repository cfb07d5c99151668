import { useId, type ReactNode } from "react";
import type { SecondFactorRequirement } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { useText } from "../../text";
import { bounds, valueOf, zones, type Draft, type Name, type Settings } from "./draft";

type Props = {
  name: Name;
  settings: Settings;
  draft: Draft;
  atSchool: boolean;
  onChange: (name: Name, value: Draft[Name]) => void;
};

const requirements: SecondFactorRequirement[] = ["NONE", "ADMINISTRATORS", "ALL"];

/** One setting: what it means, its value, and where the value comes from. */
export function Setting({ name, settings, draft, atSchool, onChange }: Props) {
  const { t } = useText();
  const id = useId();
  // Null inherits again; what that will be is known once it is saved.
  const resets = draft[name] === null;
  const inherited = name in draft ? resets : settings[name].inherited;
  return (
    <div className="setting">
      <div>
        <label id={`${id}-label`} htmlFor={id} className="setting-name">
          {t(`setting.${name}`)}
        </label>
        <p id={`${id}-help`} className="soft small">
          {t(`setting.${name}.help`)}
        </p>
      </div>
      <div className="setting-value">
        {resets ? (
          <span className="soft">{t(atSchool ? "settings.willInherit" : "settings.willDefault")}</span>
        ) : (
          <Value {...{ id, name, settings, draft, onChange }} />
        )}
        {inherited && !resets && (
          <span className="badge">{t(atSchool ? "settings.inherited" : "settings.default")}</span>
        )}
        {!inherited && (
          <Button look="quiet" aria-describedby={`${id}-label`} onPress={() => onChange(name, null)}>
            {t(atSchool ? "settings.inherit" : "settings.useDefault")}
          </Button>
        )}
      </div>
    </div>
  );
}

type ValueProps = Omit<Props, "atSchool"> & { id: string };

function Value({ id, name, settings, draft, onChange }: ValueProps): ReactNode {
  const { t } = useText();
  const value = draft[name] ?? valueOf(settings, name);
  const described = { id, "aria-describedby": `${id}-help` };
  const range = bounds[name];
  if (range)
    return (
      <input
        {...described}
        type="number"
        className="input short"
        required
        min={range[0]}
        max={range[1]}
        value={Number.isNaN(value) ? "" : (value as number)}
        onChange={(event) => onChange(name, event.target.valueAsNumber)}
      />
    );
  switch (name) {
    case "schoolYear": {
      const year = value as { startsOn: string; endsOn: string };
      return (
        <span className="row">
          <input
            {...described}
            type="date"
            required
            className="input short"
            value={year.startsOn}
            onChange={(e) => onChange(name, { ...year, startsOn: e.target.value })}
          />
          <input
            type="date"
            required
            aria-label={t("setting.schoolYear.last")}
            className="input short"
            value={year.endsOn}
            min={year.startsOn}
            onChange={(e) => onChange(name, { ...year, endsOn: e.target.value })}
          />
        </span>
      );
    }
    case "timeZone":
      return (
        <>
          <input
            {...described}
            className="input"
            list={`${id}-zones`}
            required
            value={value as string}
            onChange={(e) => onChange(name, e.target.value)}
          />
          <datalist id={`${id}-zones`}>
            {zones().map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </>
      );
    case "passwordRequired":
      return (
        <input
          {...described}
          type="checkbox"
          className="check"
          checked={value as boolean}
          onChange={(e) => onChange(name, e.target.checked)}
        />
      );
    default:
      return (
        <Choose
          label={t(`setting.${name}`)}
          shown={t(`secondFactor.${value as SecondFactorRequirement}`)}
          options={requirements.map((each) => ({ id: each, name: t(`secondFactor.${each}`) }))}
          chosen={[value as string]}
          onChoose={([next]) => next && onChange(name, next as SecondFactorRequirement)}
        />
      );
  }
}
