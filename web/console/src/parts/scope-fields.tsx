import { Choices, TextField } from "@shared/ui/fields";
import type { ScopeForm } from "./scope";
import { useParts } from "./texts";

/** Which products an offer is about. */
export function ScopeFields({
  scope,
  onChange,
  wrong,
}: {
  scope: ScopeForm;
  onChange: (scope: ScopeForm) => void;
  wrong: "skus" | "except" | null;
}) {
  const texts = useParts();
  return (
    <>
      <div className="across">
        <Choices
          row
          label={texts.scope}
          options={(["all", "zone", "skus"] as const).map((id) => ({ id, label: texts.scopes[id] }))}
          value={scope.of}
          onChange={(of) => onChange({ ...scope, of })}
        />
      </div>
      {scope.of === "skus" && (
        <TextField
          label={texts.skus}
          note={texts.skusNote}
          value={scope.skus}
          onChange={(skus) => onChange({ ...scope, skus })}
          required
          lines={2}
          wrong={scope.skus !== "" && wrong === "skus" ? texts.skusWrong : null}
        />
      )}
      <TextField
        label={texts.except}
        note={texts.exceptNote}
        value={scope.except}
        onChange={(except) => onChange({ ...scope, except })}
        lines={2}
        wrong={wrong === "except" ? texts.skusWrong : null}
      />
    </>
  );
}
