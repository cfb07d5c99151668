import type { ReactNode } from "react";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { Button } from "./Button";
import { useText } from "../text";

type Props = { title: string; onClose?: () => void; closes?: string; children: ReactNode; foot?: ReactNode };

/** A dialog over the page. Without onClose it stays until its task is done. */
export function Window({ title, onClose, closes, children, foot }: Props) {
  const { t } = useText();
  return (
    <ModalOverlay
      className="shade"
      isOpen
      onOpenChange={(open) => !open && onClose?.()}
      isDismissable={false}
      isKeyboardDismissDisabled={!onClose}
    >
      <Modal className="modal">
        <Dialog className="dialog">
          <Heading slot="title" level={2}>
            {title}
          </Heading>
          {children}
          {(foot || onClose) && (
            <div className="dialog-foot">
              {onClose && <Button onPress={onClose}>{closes ?? t("cancel")}</Button>}
              {foot}
            </div>
          )}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
