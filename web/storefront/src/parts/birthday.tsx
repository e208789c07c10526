import type { ProfileRequest } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useShop } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Checkbox, Choices, TextField } from "@shared/ui/fields";
import { Stepper } from "@shared/ui/stepper";
import { useTexts } from "../messages/texts";

/** A birthday as it is filled in: none yet, by the solar calendar, or by the lunar one (B6). */
export interface Birthday {
  readonly calendar: "none" | "solar" | "lunar";
  readonly date: string;
  /** Null until it is filled in: a birthday that nobody chose could not be taken back. */
  readonly month: number | null;
  readonly day: number | null;
  readonly leap: boolean;
}

export const NO_BIRTHDAY: Birthday = { calendar: "none", date: "", month: null, day: null, leap: false };
const MONTHS_MAX = 12;
const DAYS_MAX = 30;

/** What the API is told of it. */
export function birthdayOf(birthday: Birthday): Pick<ProfileRequest, "birthday" | "birthday_calendar"> {
  if (birthday.calendar === "none") return {};
  if (birthday.calendar === "solar") return { birthday: birthday.date };
  const { month, day, leap } = birthday;
  if (month === null || day === null) return {};
  return { birthday_calendar: "lunar", birthday: { month, day, ...(leap && { leap }) } };
}

/** What is lacking of it, if it is to be filled in. */
export function lacks({ calendar, date, month, day }: Birthday): "date" | "lunar" | null {
  if (calendar === "solar" && date === "") return "date";
  return calendar === "lunar" && (month === null || day === null) ? "lunar" : null;
}

export function BirthdayFields({
  value,
  onChange,
  wrong,
}: {
  value: Birthday;
  onChange: (value: Birthday) => void;
  wrong: string | null | undefined;
}) {
  const { register: texts } = useTexts();
  const { zone } = useShop().config;
  const calendars = (["none", "solar", "lunar"] as const).map((id) => ({ id, label: texts.calendars[id] }));
  return (
    <>
      <Choices
        row
        label={texts.birthday}
        options={calendars}
        value={value.calendar}
        onChange={(calendar) => onChange({ ...value, calendar })}
      />
      {value.calendar === "solar" && (
        <TextField
          label={texts.date}
          type="date"
          value={value.date}
          max={dateAt(now(), zone)}
          onChange={(date) => onChange({ ...value, date })}
          note={texts.once}
          wrong={wrong}
          required
        />
      )}
      {value.calendar === "lunar" && (
        <div className="row">
          <Stepper
            label={texts.month}
            value={value.month ?? Number.NaN}
            max={MONTHS_MAX}
            onChange={(month) => onChange({ ...value, month })}
          />
          <Stepper
            label={texts.dayOfMonth}
            value={value.day ?? Number.NaN}
            max={DAYS_MAX}
            onChange={(day) => onChange({ ...value, day })}
          />
          <Checkbox selected={value.leap} onChange={(leap) => onChange({ ...value, leap })}>
            {texts.leap}
          </Checkbox>
          <p className="soft small-text">{texts.once}</p>
          {wrong != null && <p className="wrong">{wrong}</p>}
        </div>
      )}
    </>
  );
}
