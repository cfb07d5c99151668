import type { ReactNode } from "react";
import { Button as AriaButton } from "react-aria-components/Button";
import { Menu, MenuItem, MenuTrigger, type Selection } from "react-aria-components/Menu";
import { Popover } from "react-aria-components/Popover";
import { DownIcon, TickIcon } from "./icons";

export type Option = { id: string; name: string; level?: number };

/** A button that opens a list to choose from: one thing, or several. */
export function Choose(props: {
  label: string;
  shown: ReactNode;
  options: Option[];
  chosen: string[];
  several?: boolean;
  onChoose: (ids: string[]) => void;
  className?: string;
}) {
  const choose = (selection: Selection) => {
    if (selection === "all") return;
    const ids = [...selection].map(String);
    if (ids.length || props.several) props.onChoose(ids);
  };
  return (
    <MenuTrigger>
      <AriaButton className={`button ${props.className ?? ""}`}>
        <span className="unseen">{props.label}: </span>
        {props.shown}
        <DownIcon />
      </AriaButton>
      <Popover className="popover" placement="bottom start">
        <Menu
          className="menu"
          aria-label={props.label}
          items={props.options}
          selectionMode={props.several ? "multiple" : "single"}
          selectedKeys={props.chosen}
          onSelectionChange={choose}
        >
          {(option) => (
            <MenuItem id={option.id} textValue={option.name} className="menu-item" data-level={option.level}>
              {({ isSelected }) => (
                <>
                  <span>{option.name}</span>
                  {isSelected && (
                    <span className="tick">
                      <TickIcon />
                    </span>
                  )}
                </>
              )}
            </MenuItem>
          )}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
