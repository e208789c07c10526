import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useCommon } from "../i18n/common";
import { IconButton } from "./button";
import { Icon } from "./icon";

/** A dialog over the page. Escape and the cross close it; the reader is then back where they were. */
export function Dialog({
  title,
  open,
  onClose,
  children,
  wide = false,
  mustAnswer = false,
}: {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
  wide?: boolean;
  /** It goes only by one of its buttons. */
  mustAnswer?: boolean;
}) {
  const { ui } = useCommon();
  return (
    <ModalOverlay
      className="veil"
      isOpen={open}
      onOpenChange={(next) => {
        if (!next) onClose();
      }}
      isKeyboardDismissDisabled={mustAnswer}
    >
      <Modal className={wide ? "modal wide" : "modal"}>
        <AriaDialog className="dialog" role={mustAnswer ? "alertdialog" : "dialog"}>
          <header>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            {!mustAnswer && (
              <IconButton label={ui.close} onPress={onClose}>
                <Icon name="close" />
              </IconButton>
            )}
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
