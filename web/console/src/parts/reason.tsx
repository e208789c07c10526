import { TextField } from "@shared/ui/fields";
import { useParts } from "./texts";

const CHARACTERS_MAX = 200;

/** Why something is done; it is kept with it. */
export function Reason({
  value,
  onChange,
  label,
  note,
  max = CHARACTERS_MAX,
}: {
  value: string;
  onChange: (value: string) => void;
  label?: string;
  note?: string;
  max?: number;
}) {
  const texts = useParts();
  return (
    <TextField
      label={label ?? texts.reason}
      note={note ?? texts.reasonNote}
      value={value}
      onChange={onChange}
      required
      lines={2}
      maxLength={max}
    />
  );
}
