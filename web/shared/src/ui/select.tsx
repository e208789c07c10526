import {
  Select as AriaSelect,
  Button,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  SelectValue,
  Text,
} from "react-aria-components";
import type { FieldProps, Option } from "./fields";
import { Icon } from "./icon";

export function Select<T extends string>({
  label,
  note,
  wrong,
  options,
  value,
  onChange,
  required = false,
  disabled = false,
}: FieldProps & { options: readonly Option<T>[]; value: T | null; onChange: (value: T) => void }) {
  return (
    <AriaSelect
      className="field"
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(String(key) as T);
      }}
      isRequired={required}
      isDisabled={disabled}
      isInvalid={Boolean(wrong)}
      validationBehavior="aria"
      placeholder="—"
    >
      <Label className="label">{label}</Label>
      <Button className="select">
        <SelectValue />
        <Icon name="down" />
      </Button>
      {note !== undefined && (
        <Text slot="description" className="note">
          {note}
        </Text>
      )}
      <FieldError className="wrong">{wrong}</FieldError>
      <Popover className="popover">
        <ListBox className="options">
          {options.map((each) => (
            <ListBoxItem key={each.id} id={each.id} textValue={each.label} className="option">
              <Text slot="label">{each.label}</Text>
              {each.note !== undefined && (
                <Text slot="description" className="soft small-text">
                  {each.note}
                </Text>
              )}
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
