import type { ProfileRequest } from "@shared/api/schema";
import { useApi } from "@shared/session/context";
import { Card, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { useFaults } from "@shared/ui/faults";
import { TextField } from "@shared/ui/fields";
import { Failure } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTexts } from "../messages/texts";
import { type Birthday, BirthdayFields, birthdayOf, lacks, NO_BIRTHDAY } from "../parts/birthday";

/** The registration: once for each person who has signed up. */
export default function Register() {
  const { register: texts } = useTexts();
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const [phone, setPhone] = useState("");
  const [birthday, setBirthday] = useState<Birthday>(NO_BIRTHDAY);
  const [wrong, setWrong] = useState<{ name?: string; date?: string }>({});
  const register = useApi().useMutation("put", "/members/me", {
    onSuccess: () => cache.invalidateQueries(),
  });
  const labels = { name: texts.name, phone: texts.phone, birthday: texts.birthday };
  const faults = useFaults(register.error, labels);

  function send(event: FormEvent) {
    event.preventDefault();
    const lacking = {
      ...(name.trim() === "" && { name: texts.nameMissing }),
      ...(lacks(birthday) === "date" && { date: texts.dateMissing }),
      ...(lacks(birthday) === "lunar" && { date: texts.lunarMissing }),
    };
    setWrong(lacking);
    if (Object.keys(lacking).length > 0) return;
    const body: ProfileRequest = {
      name: name.trim(),
      ...(phone.trim() !== "" && { phone }),
      ...birthdayOf(birthday),
    };
    register.mutate({ body });
  }

  return (
    <form className="stack narrow" onSubmit={send} noValidate>
      <PageHead title={texts.title} under={texts.lead} />
      <Card>
        <TextField
          label={texts.name}
          value={name}
          onChange={setName}
          required
          autoComplete="nickname"
          wrong={wrong.name ?? faults.of("name")}
        />
        <TextField
          label={texts.phone}
          value={phone}
          onChange={setPhone}
          type="tel"
          autoComplete="tel"
          note={texts.phoneNote}
          wrong={faults.of("phone")}
        />
        <BirthdayFields
          value={birthday}
          onChange={setBirthday}
          wrong={wrong.date ?? faults.of("birthday", "birthday_calendar")}
        />
      </Card>
      {register.error !== null && <Failure error={register.error} labels={labels} />}
      <Button type="submit" look="primary" isPending={register.isPending}>
        {texts.submit}
      </Button>
    </form>
  );
}
