import type { OrderAnswer } from "@shared/api/schema";
import { Stepper } from "@shared/ui/stepper";
import { staying, type Units } from "./kept";
import { ProductName } from "./refs";
import { useParts } from "./texts";

/** Which units of an order: a number beside each line of which some stay. */
export function UnitsPicker({
  order,
  units,
  onChange,
}: {
  order: OrderAnswer;
  units: Units;
  onChange: (units: Units) => void;
}) {
  const texts = useParts();
  const lines = order.lines.filter((line) => staying(line) > 0);
  return (
    <ul className="stack tight">
      {lines.map((line) => (
        <li key={line.line_id} className="row apart">
          <span>
            <ProductName sku={line.sku} />
            {line.gift_of !== null && <span className="soft small-text"> {texts.gift}</span>}
            <span className="soft small-text"> {texts.ofUnits(staying(line))}</span>
          </span>
          <Stepper
            label={texts.unitsOf(line.line_id)}
            hideLabel
            min={0}
            max={staying(line)}
            value={units[line.line_id] ?? 0}
            onChange={(next) => onChange({ ...units, [line.line_id]: next })}
          />
        </li>
      ))}
    </ul>
  );
}

/** The lines of a request: those of which there are units. */
export function linesOf(units: Units): { line_id: string; quantity: number }[] {
  return Object.entries(units)
    .filter(([, quantity]) => quantity > 0)
    .map(([line_id, quantity]) => ({ line_id, quantity }));
}
