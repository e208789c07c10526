/** Fields of forms: React Aria's behaviour, our looks. Each says what is wrong with it beside itself. */
import type { ReactNode } from "react";
import {
  Checkbox as AriaCheckbox,
  CheckboxGroup as AriaCheckboxGroup,
  TextField as AriaTextField,
  FieldError,
  Input,
  Label,
  Radio,
  RadioGroup,
  Text,
  TextArea,
  ToggleButton,
  ToggleButtonGroup,
} from "react-aria-components";
import { given } from "../given";
import { Icon } from "./icon";

export interface FieldProps {
  label: string;
  note?: ReactNode;
  /** What is wrong with it, as the API or the form says. */
  wrong?: string | null | undefined;
  required?: boolean;
  disabled?: boolean;
  name?: string;
}

function Under({ note, wrong }: Pick<FieldProps, "note" | "wrong">) {
  return (
    <>
      {note !== undefined && (
        <Text slot="description" className="note">
          {note}
        </Text>
      )}
      <FieldError className="wrong">{wrong}</FieldError>
    </>
  );
}

export interface TextFieldProps extends FieldProps {
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "tel" | "date" | "time" | "datetime-local" | "month" | "search" | "email";
  inputMode?: "numeric" | "decimal" | "text" | "tel";
  placeholder?: string;
  lines?: number;
  maxLength?: number;
  min?: string;
  max?: string;
  autoComplete?: string;
}

export function TextField(props: TextFieldProps) {
  const {
    label,
    note,
    wrong,
    required = false,
    disabled = false,
    lines,
    placeholder,
    min,
    max,
    inputMode,
  } = props;
  return (
    <AriaTextField
      className="field"
      value={props.value}
      onChange={props.onChange}
      isRequired={required}
      isDisabled={disabled}
      isInvalid={Boolean(wrong)}
      validationBehavior="aria"
      {...given({ name: props.name, maxLength: props.maxLength, autoComplete: props.autoComplete })}
      {...(props.type !== undefined && { type: props.type as "text" })}
    >
      <Label className="label">{label}</Label>
      {lines === undefined ? (
        <Input className="input" {...given({ placeholder, min, max, inputMode })} />
      ) : (
        <TextArea className="input" rows={lines} {...given({ placeholder })} />
      )}
      <Under note={note} wrong={wrong} />
    </AriaTextField>
  );
}

export interface Option<T extends string> {
  readonly id: T;
  readonly label: string;
  readonly note?: string;
}

/** One of a few, all in sight. */
export function Choices<T extends string>({
  label,
  options,
  value,
  onChange,
  wrong,
  row = false,
}: {
  label: string;
  options: readonly (Option<T> & { disabled?: boolean })[];
  value: T | null;
  onChange: (value: T) => void;
  wrong?: string | null;
  row?: boolean;
}) {
  return (
    <RadioGroup
      className="field"
      value={value}
      onChange={(next) => onChange(next as T)}
      isInvalid={Boolean(wrong)}
      validationBehavior="aria"
    >
      <Label className="label">{label}</Label>
      <div className={row ? "choices row" : "choices"}>
        {options.map((each) => (
          <Radio key={each.id} value={each.id} className="choice" isDisabled={each.disabled === true}>
            <span className="mark" aria-hidden="true" />
            <span>
              {each.label}
              {each.note !== undefined && <span className="soft small-text"> {each.note}</span>}
            </span>
          </Radio>
        ))}
      </div>
      <FieldError className="wrong">{wrong}</FieldError>
    </RadioGroup>
  );
}

export function Checkbox({
  children,
  selected,
  onChange,
  disabled = false,
}: {
  children: ReactNode;
  selected: boolean;
  onChange: (selected: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <AriaCheckbox className="checkbox" isSelected={selected} onChange={onChange} isDisabled={disabled}>
      <span className="box" aria-hidden="true">
        <Icon name="check" />
      </span>
      <span>{children}</span>
    </AriaCheckbox>
  );
}

/** Any of a few, all in sight. */
export function Checkboxes<T extends string>({
  label,
  note,
  wrong,
  options,
  value,
  onChange,
}: FieldProps & {
  options: readonly Option<T>[];
  value: readonly T[];
  onChange: (value: readonly T[]) => void;
}) {
  return (
    <AriaCheckboxGroup
      className="field"
      value={[...value]}
      onChange={(next) => onChange(next as T[])}
      isInvalid={Boolean(wrong)}
      validationBehavior="aria"
    >
      <Label className="label">{label}</Label>
      <div className="row">
        {options.map((each) => (
          <AriaCheckbox key={each.id} value={each.id} className="checkbox">
            <span className="box" aria-hidden="true">
              <Icon name="check" />
            </span>
            <span>
              {each.label}
              {each.note !== undefined && <span className="soft small-text"> {each.note}</span>}
            </span>
          </AriaCheckbox>
        ))}
      </div>
      <Under note={note} wrong={wrong} />
    </AriaCheckboxGroup>
  );
}

/** A filter: one of a few, side by side. */
export function Segments<T extends string>({
  label,
  options,
  value,
  onChange,
}: {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <ToggleButtonGroup
      className="segments"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        const [next] = keys;
        if (next !== undefined) onChange(String(next) as T);
      }}
    >
      {options.map((each) => (
        <ToggleButton key={each.id} id={each.id} className="segment">
          {each.label}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
