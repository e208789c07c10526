import { Button, Input, Label, NumberField } from "react-aria-components";
import { given } from "../given";
import { useCommon } from "../i18n/common";
import { Icon } from "./icon";

/** An integer with a step down and a step up. */
export function Stepper({
  label,
  value,
  onChange,
  min = 1,
  max,
  step = 1,
  hideLabel = false,
}: {
  label: string;
  value: number;
  onChange: (value: number) => void;
  min?: number;
  max?: number;
  step?: number;
  hideLabel?: boolean;
}) {
  const { ui } = useCommon();
  return (
    <NumberField
      className="field"
      value={value}
      minValue={min}
      step={step}
      {...given({ maxValue: max })}
      onChange={(next) => onChange(Number.isNaN(next) ? min : next)}
      formatOptions={{ maximumFractionDigits: 0, useGrouping: false }}
      incrementAriaLabel={`${ui.increase} ${label}`}
      decrementAriaLabel={`${ui.decrease} ${label}`}
      {...(hideLabel && { "aria-label": label })}
    >
      {!hideLabel && <Label className="label">{label}</Label>}
      <div className="stepper">
        <Button slot="decrement" className="icon-button">
          <Icon name="minus" />
        </Button>
        <Input />
        <Button slot="increment" className="icon-button">
          <Icon name="plus" />
        </Button>
      </div>
    </NumberField>
  );
}
