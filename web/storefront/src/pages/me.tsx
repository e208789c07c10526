import type { MemberAnswer, TierChangeAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Card, Day, Facts, Id, Meter, Moment, Money, Notice, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { useFaults } from "@shared/ui/faults";
import { TextField } from "@shared/ui/fields";
import { PAGED, Pages } from "@shared/ui/pages";
import { Answered, Failure } from "@shared/ui/states";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { useTexts } from "../messages/texts";
import { type Birthday, BirthdayFields, birthdayOf, lacks, NO_BIRTHDAY } from "../parts/birthday";

export default function Me() {
  const { pages } = useTexts();
  const member = useApi().useQuery("get", "/members/me", {});
  return (
    <div className="stack">
      <PageHead title={pages.me} />
      <Answered query={member} tall>
        {(found) => (
          <>
            <div className="columns">
              <Tier member={found} />
              <Benefits member={found} />
            </div>
            <Profile member={found} />
            <History />
          </>
        )}
      </Answered>
    </div>
  );
}

/** The tier, and how far it is to the next. */
function Tier({ member }: { member: MemberAnswer }) {
  const { me: texts } = useTexts();
  const { yuan } = useWords();
  const next = member.next_tier;
  const toGo =
    next === null
      ? texts.top
      : next.amount_to_go_fen === 0
        ? texts.first
        : texts.toGo(yuan(next.amount_to_go_fen), next.tier);
  return (
    <Card title={texts.tier(member.tier)}>
      <Meter
        label={texts.effective}
        value={member.effective_amount_fen}
        max={member.effective_amount_fen + (next?.amount_to_go_fen ?? 0)}
        said={<Money fen={member.effective_amount_fen} />}
      />
      <p>{toGo}</p>
    </Card>
  );
}

function Benefits({ member }: { member: MemberAnswer }) {
  const { me: texts, off } = useTexts();
  const { birthday_coupon_fen, member_day_rate, free_shipping_from_fen } = member.benefits;
  return (
    <Card title={texts.benefits}>
      <Facts
        facts={[
          [texts.memberDay, member_day_rate === null ? texts.none : off(member_day_rate)],
          [
            texts.birthdayCoupon,
            birthday_coupon_fen === 0 ? texts.none : <Money key="coupon" fen={birthday_coupon_fen} />,
          ],
          [texts.freeShipping, <Money key="shipping" fen={free_shipping_from_fen} />],
        ]}
      />
    </Card>
  );
}

function Profile({ member }: { member: MemberAnswer }) {
  const { me: texts, register: words } = useTexts();
  const { ui } = useCommon();
  const cache = useQueryClient();
  const [name, setName] = useState(member.name);
  const [phone, setPhone] = useState(member.phone ?? "");
  const [birthday, setBirthday] = useState<Birthday>(NO_BIRTHDAY);
  const [lacking, setLacking] = useState<string | undefined>();
  const change = useApi().useMutation("patch", "/members/me", {
    onSuccess: () => cache.invalidateQueries(),
  });
  const labels = { name: words.name, phone: words.phone, birthday: words.birthday };
  const faults = useFaults(change.error, labels);

  function send(event: FormEvent) {
    event.preventDefault();
    const missing = lacks(birthday);
    setLacking({ date: words.dateMissing, lunar: words.lunarMissing, none: undefined }[missing ?? "none"]);
    if (missing !== null) return;
    const body = {
      ...(name !== member.name && { name: name.trim() }),
      ...(phone !== (member.phone ?? "") && { phone: phone.trim() === "" ? null : phone }),
      ...(member.birthday === null && birthdayOf(birthday)),
    };
    change.mutate({ body });
  }

  return (
    <Card title={texts.profile}>
      <Facts
        facts={[
          [
            texts.id,
            <Id key="id" of={texts.id}>
              {member.member_id}
            </Id>,
          ],
          [texts.since, <Day key="since" at={member.registered_at} />],
          member.birthday === null
            ? null
            : [texts.birthday, <BirthdayShown key="birthday" member={member} />],
          member.next_birthday === null
            ? null
            : [texts.nextBirthday, <Day key="next" at={member.next_birthday} />],
        ]}
      />
      <form className="stack" onSubmit={send} noValidate>
        <div className="columns">
          <TextField label={words.name} value={name} onChange={setName} required wrong={faults.of("name")} />
          <TextField
            label={words.phone}
            value={phone}
            onChange={setPhone}
            type="tel"
            note={words.phoneNote}
            wrong={faults.of("phone")}
          />
        </div>
        {member.birthday === null && (
          <BirthdayFields
            value={birthday}
            onChange={setBirthday}
            wrong={lacking ?? faults.of("birthday", "birthday_calendar")}
          />
        )}
        {change.error !== null && <Failure error={change.error} labels={labels} />}
        {change.isSuccess && <Notice tone="good" head={texts.saved} />}
        <Button type="submit" look="primary" isPending={change.isPending}>
          {ui.save}
        </Button>
      </form>
    </Card>
  );
}

function BirthdayShown({ member }: { member: MemberAnswer }) {
  const { me: texts } = useTexts();
  const { birthday } = member;
  if (birthday === null) return null;
  return (
    <>
      {typeof birthday === "string" ? (
        <Day at={birthday} />
      ) : (
        texts.lunar(birthday.month, birthday.day, birthday.leap === true)
      )}{" "}
      <span className="soft small-text">{texts.birthdaySet}</span>
    </>
  );
}

function History() {
  const { me: texts, points } = useTexts();
  const changes = useApi().useInfiniteQuery("get", "/members/me/tier-history", {}, PAGED);
  return (
    <Card title={texts.history}>
      <Pages query={changes} empty={<p className="soft">{texts.historyNone}</p>}>
        {(items) => (
          <ol className="timeline">
            {items.map((each: TierChangeAnswer) => (
              <li key={`${each.changed_at} ${each.order_id}`}>
                <strong>{texts.changed(each.from, each.to)}</strong>{" "}
                <span className="soft small-text">
                  <Moment at={each.changed_at} /> · {texts.effective}{" "}
                  <Money fen={each.effective_amount_fen} /> ·{" "}
                  <Link to={`/orders/${each.order_id}`}>{points.order}</Link>
                </span>
              </li>
            ))}
          </ol>
        )}
      </Pages>
    </Card>
  );
}
