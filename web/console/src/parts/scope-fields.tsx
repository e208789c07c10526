import { Choices } from "@shared/ui/fields";
import { ProductsField } from "./product-fields";
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
        <ProductsField
          label={texts.skus}
          value={scope.skus}
          onChange={(skus) => onChange({ ...scope, skus })}
          required
          wrong={scope.skus !== "" && wrong === "skus" ? texts.skusWrong : null}
        />
      )}
      <ProductsField
        label={texts.except}
        note={texts.exceptNote}
        value={scope.except}
        onChange={(except) => onChange({ ...scope, except })}
        wrong={wrong === "except" ? texts.skusWrong : null}
      />
    </>
  );
}
