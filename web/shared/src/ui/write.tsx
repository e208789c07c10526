import { type ReactNode, useState } from "react";
import { asProblem, type Problem } from "../api/problem";
import { useCommon } from "../i18n/common";
import { useWords } from "../i18n/i18n";
import { Notice } from "./bits";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { type Faults, type FieldLabels, useFaults } from "./faults";
import { Failure } from "./states";

/**
 * A write: it shows what it will do before, does it once, and shows what it did after, with the ids to find it
 * again (K1). `write` is called with the same contents when it is tried again: make ids before the dialog opens.
 * Where `before` is a form, it is given what the API said of its fields, to say it there (K3).
 */
export function Write<T>({
  title,
  action,
  danger = false,
  wide = false,
  ready = true,
  missing = [],
  before,
  labels,
  refused,
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
  /** What is not, by the labels of its fields: a button that waits says what for. */
  missing?: readonly string[];
  before: ReactNode | ((faults: Faults) => ReactNode);
  /** What the fields of the request are called. */
  labels?: FieldLabels;
  /** What to say besides of what went wrong, or null: where to go, what to compare. */
  refused?: (problem: Problem) => ReactNode;
  write: () => Promise<T>;
  after: (answer: T) => ReactNode;
  onClose: () => void;
}) {
  const { ui } = useCommon();
  const { list } = useWords();
  const [pending, setPending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [answer, setAnswer] = useState<{ of: T } | null>(null);
  const faults = useFaults(error);
  const more = error === null ? null : (refused?.(asProblem(error)) ?? null);

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
          {typeof before === "function" ? before(faults) : before}
          {error !== null && (
            <Failure error={error} labels={labels}>
              {more ?? undefined}
            </Failure>
          )}
          {!ready && missing.length > 0 && <p className="soft small-text">{ui.missing(list(missing))}</p>}
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
