/** What staff do with a member: each says what it will do, and then what it did (K1). */
import type { MemberWithPointsAnswer } from "@shared/api/schema";
import { now } from "@shared/clock";
import { useWords } from "@shared/i18n/i18n";
import { newId } from "@shared/ids";
import { useApi } from "@shared/session/context";
import { dateAt } from "@shared/time";
import { Facts, Id, Moment } from "@shared/ui/bits";
import { Checkbox, Segments, TextField } from "@shared/ui/fields";
import { useState } from "react";
import { Act, Will } from "../../parts/act";
import { Reason } from "../../parts/reason";
import { useParts } from "../../parts/texts";
import { wholeOf } from "../../parts/whole-number";
import { GiveCoupon } from "../coupons/give";
import { adjusted } from "./adjusted";
import { useTexts } from "./texts";

interface Props {
  readonly member: MemberWithPointsAnswer;
  readonly onClose: () => void;
}

const POINTS_MAX = 1_000_000;

function pathOf(member: MemberWithPointsAnswer) {
  return { params: { path: { member_id: member.member_id } } };
}

export function Adjust({ member, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { number } = useWords();
  const [adjustmentId] = useState(() => newId("adjust"));
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const adjust = useApi().useMutation("post", "/members/{member_id}/points/adjustments");
  const value = wholeOf(typed, -POINTS_MAX, POINTS_MAX);
  const points = value === 0 ? null : value;
  const after = points === null ? null : adjusted(member.points, points);
  return (
    <Act
      title={texts.adjust}
      action={texts.adjust}
      ready={points !== null && reason.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <TextField
            label={texts.adjustPoints}
            value={typed}
            onChange={setTyped}
            required
            wrong={typed !== "" && points === null ? texts.adjustWrong : null}
          />
          <Reason value={reason} onChange={setReason} note={parts.reasonSeen} />
          <Will tone="warn">
            <Facts
              sums
              facts={[
                [`${texts.available} · ${texts.now}`, number(member.points.available)],
                [`${texts.available} · ${texts.afterwards}`, after === null ? "—" : number(after.available)],
                member.points.debt === 0
                  ? null
                  : [`${texts.debt} · ${texts.afterwards}`, after === null ? "—" : number(after.debt)],
              ]}
            />
            <p>{texts.adjustWill}</p>
          </Will>
        </>
      }
      write={() =>
        adjust.mutateAsync({
          ...pathOf(member),
          body: { adjustment_id: adjustmentId, points: points ?? 0, reason: reason.trim() },
        })
      }
      after={(answer) => (
        <>
          <p>{texts.adjustDid}</p>
          <Facts
            facts={[
              [
                texts.adjustId,
                <Id key="a" of={texts.adjustId}>
                  {adjustmentId}
                </Id>,
              ],
              [
                parts.member,
                <Id key="m" of={parts.member}>
                  {member.member_id}
                </Id>,
              ],
              [texts.available, number(answer.available)],
              [texts.frozen, number(answer.frozen)],
              [texts.debt, number(answer.debt)],
            ]}
          />
        </>
      )}
    />
  );
}

const FIRST_YEAR = 1900;

export function Birthday({ member, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const { day, zone } = useWords();
  const told = member.birthday;
  const [calendar, setCalendar] = useState(member.birthday_calendar);
  const [date, setDate] = useState(typeof told === "string" ? told : "");
  const lunar = typeof told === "string" ? null : told;
  const [month, setMonth] = useState(lunar === null ? "" : String(lunar.month));
  const [dayOf, setDayOf] = useState(lunar === null ? "" : String(lunar.day));
  const [year, setYear] = useState(lunar?.year == null ? "" : String(lunar.year));
  const [leap, setLeap] = useState(lunar?.leap ?? false);
  const [reason, setReason] = useState("");
  const change = useApi().useMutation("put", "/members/{member_id}/birthday");
  const today = dateAt(now(), zone);
  const numbers = {
    month: wholeOf(month, 1, 12),
    day: wholeOf(dayOf, 1, 30),
    year: year.trim() === "" ? null : wholeOf(year, FIRST_YEAR, Number(today.slice(0, 4))),
  };
  const lunarKnown =
    numbers.month !== null && numbers.day !== null && (year.trim() === "" || numbers.year !== null);
  const known = calendar === "solar" ? date !== "" && date <= today : lunarKnown;
  const birthday =
    calendar === "solar"
      ? date
      : { month: numbers.month ?? 0, day: numbers.day ?? 0, leap, year: numbers.year };
  const shown = (of: typeof told) =>
    of === null ? parts.notSet : typeof of === "string" ? day(of) : texts.lunar(of.month, of.day, of.leap);
  return (
    <Act
      title={texts.changeBirthday}
      action={texts.changeBirthday}
      ready={known && reason.trim() !== ""}
      onClose={onClose}
      before={
        <>
          <Segments
            label={texts.calendar}
            options={[
              { id: "solar", label: texts.calendars.solar },
              { id: "lunar", label: texts.calendars.lunar },
            ]}
            value={calendar}
            onChange={setCalendar}
          />
          {calendar === "solar" ? (
            <TextField
              label={texts.date}
              type="date"
              value={date}
              onChange={setDate}
              max={today}
              required
              wrong={date !== "" && !known ? texts.birthdayWrong : null}
            />
          ) : (
            <div className="form">
              <TextField label={texts.month} inputMode="numeric" value={month} onChange={setMonth} required />
              <TextField
                label={texts.dayOfMonth}
                inputMode="numeric"
                value={dayOf}
                onChange={setDayOf}
                required
              />
              <TextField
                label={texts.year}
                inputMode="numeric"
                value={year}
                onChange={setYear}
                wrong={month !== "" && dayOf !== "" && !known ? texts.birthdayWrong : null}
              />
              <Checkbox selected={leap} onChange={setLeap}>
                {texts.leap}
              </Checkbox>
            </div>
          )}
          <Reason value={reason} onChange={setReason} />
          <Will tone="warn">
            <Facts
              facts={[
                [texts.now, shown(told)],
                [texts.afterwards, known ? shown(birthday) : "—"],
              ]}
            />
            <p>{texts.birthdayWill}</p>
          </Will>
        </>
      }
      write={() =>
        change.mutateAsync({
          ...pathOf(member),
          body: { birthday, birthday_calendar: calendar, reason: reason.trim() },
        })
      }
      after={(answer) => (
        <>
          <p>{texts.birthdayDid}</p>
          <Facts
            facts={[
              [
                parts.member,
                <Id key="m" of={parts.member}>
                  {answer.member_id}
                </Id>,
              ],
              [texts.birthday, shown(answer.birthday)],
              answer.next_birthday === null ? null : [texts.birthdayNext, day(answer.next_birthday)],
            ]}
          />
        </>
      )}
    />
  );
}

export function Give({ member, onClose }: Props) {
  return <GiveCoupon memberId={member.member_id} onClose={onClose} />;
}

export function Erase({ member, onClose }: Props) {
  const texts = useTexts();
  const parts = useParts();
  const [typed, setTyped] = useState("");
  const erase = useApi().useMutation("delete", "/members/{member_id}");
  return (
    <Act
      title={texts.erase}
      action={texts.erase}
      danger
      ready={typed.trim() === member.member_id}
      onClose={onClose}
      before={
        <>
          <Will tone="warn">
            <p>{texts.eraseGone}</p>
            <p>{texts.eraseStays}</p>
          </Will>
          <TextField
            label={texts.eraseType}
            note={<span className="code">{member.member_id}</span>}
            value={typed}
            onChange={setTyped}
            required
          />
        </>
      }
      write={() => erase.mutateAsync(pathOf(member))}
      after={(answer) => (
        <>
          <p>{texts.eraseDid}</p>
          <Facts
            facts={[
              [
                parts.member,
                <Id key="m" of={parts.member}>
                  {answer.member_id}
                </Id>,
              ],
              [parts.at, <Moment key="t" at={answer.erased_at} />],
            ]}
          />
        </>
      )}
    />
  );
}
