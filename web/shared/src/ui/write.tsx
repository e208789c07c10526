import { type ReactNode, useState } from "react";
import { useCommon } from "../i18n/common";
import { Notice } from "./bits";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Failure } from "./states";

/**
 * A write: it shows what it will do before, does it once, and shows what it did after, with the ids to find it
 * again (K1). `write` is called with the same contents when it is tried again: make ids before the dialog opens.
 */
export function Write<T>({
  title,
  action,
  danger = false,
  wide = false,
  ready = true,
  before,
  write,
  after,
  onClose,
}: {
  title: string;
  /** What the button says: the verb of it. */
  action: string;
  danger?: boolean;
  wide?: boolean;
  /** Whether all that is needed has been filled in. */
  ready?: boolean;
  before: ReactNode;
  write: () => Promise<T>;
  after: (answer: T) => ReactNode;
  onClose: () => void;
}) {
  const { ui } = useCommon();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [answer, setAnswer] = useState<{ of: T } | null>(null);

  async function doIt() {
    setPending(true);
    setError(null);
    try {
      setAnswer({ of: await write() });
    } catch (problem) {
      setError(problem);
    } finally {
      setPending(false);
    }
  }

  return (
    <Dialog title={title} open onClose={onClose} wide={wide}>
      {answer === null ? (
        <>
          {before}
          {error !== null && <Failure error={error} />}
          <div className="row end">
            <Button onPress={onClose}>{ui.cancel}</Button>
            <Button
              look={danger ? "danger" : "primary"}
              isPending={pending}
              isDisabled={!ready}
              onPress={() => void doIt()}
            >
              {action}
            </Button>
          </div>
        </>
      ) : (
        <>
          <Notice tone="good" head={ui.after}>
            {after(answer.of)}
          </Notice>
          <div className="row end">
            <Button look="primary" autoFocus onPress={onClose}>
              {ui.done}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  );
}
