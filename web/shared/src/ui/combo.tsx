/** A field in which one types, and chooses from what begins so; what is typed may stand, too. */
import {
  Button,
  ComboBox,
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Text,
} from "react-aria-components";
import { given } from "../given";
import type { FieldProps, Option } from "./fields";
import { Icon } from "./icon";

/** What is chosen is typed in, as its id; `onChoose` is told besides. The options are what there is to choose from now. */
export function Combo({
  label,
  note,
  wrong,
  options,
  nothing,
  value,
  onChange,
  onChoose,
  onEnter,
  onLeave,
  required = false,
  maxLength,
}: FieldProps & {
  options: readonly Option<string>[];
  /** What is said where there is nothing to choose from. */
  nothing: string;
  value: string;
  onChange: (value: string) => void;
  onChoose?: (id: string) => void;
  /** Enter, with nothing of the list looked at. */
  onEnter?: () => void;
  onLeave?: () => void;
  maxLength?: number;
}) {
  return (
    <ComboBox
      className="field"
      inputValue={value}
      onInputChange={onChange}
      items={options}
      onChange={(id) => {
        if (id !== null) onChoose?.(String(id));
      }}
      value={null}
      allowsCustomValue
      allowsEmptyCollection
      menuTrigger="focus"
      isRequired={required}
      isInvalid={Boolean(wrong)}
      validationBehavior="aria"
      {...given({ onBlur: onLeave })}
    >
      <Label className="label">{label}</Label>
      <div className="combo">
        <Input
          className="input"
          {...given({ maxLength })}
          onKeyDown={(event) => {
            if (event.key === "Enter" && event.currentTarget.getAttribute("aria-activedescendant") === null)
              onEnter?.();
          }}
        />
        <Button className="combo-open">
          <Icon name="down" />
        </Button>
      </div>
      {note !== undefined && (
        <Text slot="description" className="note">
          {note}
        </Text>
      )}
      <FieldError className="wrong">{wrong}</FieldError>
      <Popover className="popover">
        <ListBox className="options" renderEmptyState={() => <span className="option soft">{nothing}</span>}>
          {(each: Option<string>) => (
            <ListBoxItem id={each.id} textValue={each.id} className="option">
              <Text slot="label">{each.label}</Text>
              <Text slot="description" className="soft small-text code">
                {each.note ?? each.id}
              </Text>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  );
}
