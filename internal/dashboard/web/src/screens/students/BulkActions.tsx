import { Button as AriaButton } from "react-aria-components/Button";
import { Menu, MenuItem, MenuTrigger } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { DownIcon } from "../../kit/icons";
import { useText } from "../../text";

const actions = ["edit", "delete"] as const;
export type BulkAction = (typeof actions)[number];

/** More actions for many students: Bulk Edit and Delete. */
export function BulkActions({ onAction }: { onAction: (action: BulkAction) => void }) {
  const { t } = useText();
  return (
    <MenuTrigger>
      <AriaButton className="button">
        {t("bulk")}
        <DownIcon />
      </AriaButton>
      <Popover className="popover" placement="top end">
        <Menu className="menu" aria-label={t("bulk")} onAction={(key) => onAction(key as BulkAction)}>
          {actions.map((id) => (
            <MenuItem key={id} id={id} className={`menu-item ${id === "delete" ? "danger" : ""}`}>
              {t(`bulk.${id}`)}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
