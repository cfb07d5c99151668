import { useState } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Dialog, DialogTrigger } from "react-aria-components/Dialog";
import { Popover } from "react-aria-components/Popover";
import { DownIcon } from "../../kit/icons";
import { useText } from "../../text";
import { GroupPicker } from "./GroupPicker";
import { noGroups, type List } from "./list";

type Props = { list: List; change: (part: Partial<List>) => void; organizationId: string };

/** The filter Classes/Groups, with the box "No Classes/Groups" first. */
export function GroupFilter({ list, change, organizationId }: Props) {
  const { t } = useText();
  const [names, setNames] = useState<Record<string, string>>({});
  const chosen = list.groups;
  const toggle = (id: string, name?: string) => {
    if (name) setNames({ ...names, [id]: name });
    change({ groups: chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id] });
  };
  const first = chosen[0];
  const shown =
    first === undefined
      ? t("groups")
      : chosen.length > 1
        ? t("filter.groups", { count: chosen.length })
        : first === noGroups
          ? t("noGroups")
          : (names[first] ?? t("filter.groups", { count: 1 }));
  return (
    <DialogTrigger>
      <AriaButton className={`button ${chosen.length ? "set" : ""}`}>
        <span className="unseen">{t("groups")}: </span>
        {shown}
        <DownIcon />
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Dialog className="group-filter" aria-label={t("groups")}>
          <label className="tick-field no-groups">
            <input
              type="checkbox"
              className="check"
              checked={chosen.includes(noGroups)}
              onChange={() => toggle(noGroups)}
            />
            {t("noGroups")}
          </label>
          <GroupPicker
            organizationId={organizationId}
            chosen={chosen}
            onToggle={(group) => toggle(group.id, group.name)}
          />
        </Dialog>
      </Popover>
    </DialogTrigger>
  );
}
