import type { CouponAnswer, EntryWithOperatorAnswer, MemberWithPointsAnswer } from "@shared/api/schema";
import { useCommon } from "@shared/i18n/common";
import { useWords } from "@shared/i18n/i18n";
import { useApi } from "@shared/session/context";
import { Badge, Card, Day, Facts, Id, Moment, Money, PageHead } from "@shared/ui/bits";
import { Button } from "@shared/ui/button";
import { PAGED, Pages } from "@shared/ui/pages";
import { Select } from "@shared/ui/select";
import { Answered, Empty } from "@shared/ui/states";
import { Table } from "@shared/ui/table";
import { useState } from "react";
import { useParams, useSearchParams } from "react-router";
import { CaseRef, OperatorRef, OrderRef, TemplateRef } from "../../parts/refs";
import { Tabs } from "../../parts/tabs";
import { useParts } from "../../parts/texts";
import { useCan } from "../../rights";
import { OrdersTable } from "../orders/table";
import { useTexts } from "./texts";
import { Adjust, Birthday, Erase, Give } from "./writes";

const TABS = ["ledger", "tiers", "coupons", "orders", "birthdays"] as const;

export default function MemberPage() {
  const { memberId = "" } = useParams();
  const texts = useTexts();
  const member = useApi().useQuery("get", "/members/{member_id}", {
    params: { path: { member_id: memberId } },
  });
  return (
    <div className="stack">
      <PageHead title={member.data?.name ?? texts.member} under={<Id of={texts.member}>{memberId}</Id>}>
        {member.data !== undefined && <Actions member={member.data} />}
      </PageHead>
      <Answered query={member} tall>
        {(found) => (
          <div className="beside">
            <Card>
              <Records memberId={found.member_id} />
            </Card>
            <div className="stack">
              <About member={found} />
              <Wallet member={found} />
            </div>
          </div>
        )}
      </Answered>
    </div>
  );
}

function Records({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const [query, setQuery] = useSearchParams();
  const selected = TABS.find((each) => each === query.get("tab")) ?? "ledger";
  const panels = {
    ledger: () => <Ledger memberId={memberId} />,
    tiers: () => <Tiers memberId={memberId} />,
    coupons: () => <Coupons memberId={memberId} />,
    orders: () => <Orders memberId={memberId} />,
    birthdays: () => <Birthdays memberId={memberId} />,
  };
  return (
    <Tabs
      label={texts.tabsLabel}
      selected={selected}
      onSelect={(tab) => setQuery(tab === "ledger" ? {} : { tab }, { replace: true })}
      tabs={TABS.map((id) => ({ id, label: texts.tabs[id], panel: panels[id] }))}
    />
  );
}

type Act = "adjust" | "birthday" | "give" | "erase";
const DIALOGS = { adjust: Adjust, birthday: Birthday, give: Give, erase: Erase };

function Actions({ member }: { member: MemberWithPointsAnswer }) {
  const texts = useTexts();
  const can = useCan();
  const [open, setOpen] = useState<Act | null>(null);
  const Open = open === null ? null : DIALOGS[open];
  return (
    <>
      {can("adjust_points") && (
        <Button look="primary" onPress={() => setOpen("adjust")}>
          {texts.adjust}
        </Button>
      )}
      {can("issue_coupon") && <Button onPress={() => setOpen("give")}>{texts.give}</Button>}
      {can("change_birthday") && <Button onPress={() => setOpen("birthday")}>{texts.changeBirthday}</Button>}
      {can("erase_member") && (
        <Button look="danger" onPress={() => setOpen("erase")}>
          {texts.erase}
        </Button>
      )}
      {Open !== null && <Open member={member} onClose={() => setOpen(null)} />}
    </>
  );
}

function About({ member }: { member: MemberWithPointsAnswer }) {
  const texts = useTexts();
  const parts = useParts();
  const { day } = useWords();
  const { birthday, benefits } = member;
  return (
    <Card title={texts.facts} aside={<Badge tone="gold">{member.tier}</Badge>}>
      <Facts
        facts={[
          [texts.phone, member.phone ?? parts.notSet],
          [
            texts.birthday,
            birthday === null
              ? parts.notSet
              : typeof birthday === "string"
                ? day(birthday)
                : texts.lunar(birthday.month, birthday.day, birthday.leap),
          ],
          birthday === null ? null : [texts.calendar, texts.calendars[member.birthday_calendar]],
          member.next_birthday === null
            ? null
            : [texts.birthdayNext, <Day key="n" at={member.next_birthday} />],
          [texts.registered, <Moment key="r" at={member.registered_at} />],
          [texts.effective, <Money key="e" fen={member.effective_amount_fen} />],
          member.next_tier === null
            ? null
            : [
                texts.toNext(member.next_tier.tier),
                <Money key="t" fen={member.next_tier.amount_to_go_fen} />,
              ],
          [texts.rate, benefits.member_day_rate ?? "—"],
          [texts.freeShipping, <Money key="f" fen={benefits.free_shipping_from_fen} />],
        ]}
      />
    </Card>
  );
}

function Wallet({ member }: { member: MemberWithPointsAnswer }) {
  const texts = useTexts();
  const { number, day } = useWords();
  const { points } = member;
  return (
    <Card title={texts.points}>
      <Facts
        sums
        facts={[
          [texts.available, number(points.available)],
          [texts.frozen, number(points.frozen)],
          [texts.debt, number(points.debt)],
          ...points.expiring.map(
            (each) => [texts.expiring(day(each.expires_at)), number(each.points)] as const,
          ),
        ]}
      />
    </Card>
  );
}

function pathOf(memberId: string) {
  return { path: { member_id: memberId } };
}

function Ledger({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const parts = useParts();
  const { entryKind } = useCommon();
  const [kind, setKind] = useState<EntryWithOperatorAnswer["kind"] | "all">("all");
  const kinds = Object.keys(entryKind) as EntryWithOperatorAnswer["kind"][];
  const entries = useApi().useInfiniteQuery(
    "get",
    "/members/{member_id}/points/entries",
    { params: { ...pathOf(memberId), ...(kind !== "all" && { query: { kind } }) } },
    PAGED,
  );
  return (
    <div className="stack">
      <div className="filters">
        <Select
          label={texts.kind}
          options={[{ id: "all", label: parts.all }, ...kinds.map((id) => ({ id, label: entryKind[id] }))]}
          value={kind}
          onChange={setKind}
        />
      </div>
      <Pages query={entries} empty={<Empty title={texts.noEntries}>{texts.noEntriesHere}</Empty>}>
        {(items) => <Entries entries={items} />}
      </Pages>
    </div>
  );
}

const OF_CASE = /^case (cas_[a-z2-7]{26})$/;

/** An adjustment's id; points that a complaint was settled with are found by its case. */
function Adjustment({ id }: { id: string }) {
  const found = OF_CASE.exec(id)?.[1];
  return found === undefined ? <span className="code">{id}</span> : <CaseRef id={found} />;
}

function Entries({ entries }: { entries: readonly EntryWithOperatorAnswer[] }) {
  const texts = useTexts();
  const parts = useParts();
  const { entryKind } = useCommon();
  const { number } = useWords();
  const delta = (points: number) => (points > 0 ? `+${number(points)}` : number(points));
  return (
    <Table
      caption={texts.tabs.ledger}
      rows={entries}
      keyOf={(each) => each.entry_id}
      columns={[
        { id: "kind", title: texts.kind, head: true, cell: (each) => entryKind[each.kind] },
        { id: "at", title: parts.at, cell: (each) => <Moment at={each.occurred_at} /> },
        {
          id: "why",
          title: parts.reason,
          cell: (each) => (
            <>
              {each.order_id !== null && <OrderRef id={each.order_id} />}
              {each.adjustment_id !== null && (
                <div>
                  <Adjustment id={each.adjustment_id} />
                </div>
              )}
              {each.reason !== null && <div className="words">{each.reason}</div>}
              {each.operator !== null && (
                <div className="soft">
                  {texts.operator} <OperatorRef id={each.operator} />
                </div>
              )}
              {each.lapsed_points > 0 && <div>{texts.lapsed(number(each.lapsed_points))}</div>}
            </>
          ),
        },
        {
          id: "change",
          title: texts.change,
          end: true,
          cell: (each) => (
            <>
              {(
                [
                  [texts.available, each.available_delta],
                  [texts.frozen, each.frozen_delta],
                  [texts.debt, each.debt_delta],
                ] as const
              ).map(([name, points]) =>
                points === 0 ? null : (
                  <div key={name}>
                    {name} {delta(points)}
                  </div>
                ),
              )}
            </>
          ),
        },
        {
          id: "after",
          title: texts.balances,
          end: true,
          cell: (each) => (
            <>
              <div>
                {texts.available} {number(each.available)}
              </div>
              <div>
                {texts.frozen} {number(each.frozen)}
              </div>
              {each.debt > 0 && (
                <div>
                  {texts.debt} {number(each.debt)}
                </div>
              )}
            </>
          ),
        },
      ]}
    />
  );
}

function Tiers({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const parts = useParts();
  const changes = useApi().useInfiniteQuery(
    "get",
    "/members/{member_id}/tier-history",
    { params: pathOf(memberId) },
    PAGED,
  );
  return (
    <>
      <p className="soft small-text">{texts.birthdaysNote}</p>
      <Pages query={changes} empty={<Empty title={texts.noTiers}>{texts.noTiersHere}</Empty>}>
        {(items) => (
          <Table
            caption={texts.tabs.tiers}
            rows={items}
            keyOf={(each) => `${each.changed_at}-${each.order_id}-${each.to}`}
            columns={[
              { id: "at", title: parts.at, head: true, cell: (each) => <Moment at={each.changed_at} /> },
              { id: "from", title: texts.from, cell: (each) => each.from },
              { id: "to", title: texts.to, cell: (each) => each.to },
              {
                id: "amount",
                title: texts.effective,
                end: true,
                cell: (each) => <Money fen={each.effective_amount_fen} />,
              },
              { id: "order", title: parts.order, cell: (each) => <OrderRef id={each.order_id} /> },
            ]}
          />
        )}
      </Pages>
    </>
  );
}

function Coupons({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const parts = useParts();
  const { couponStatus } = useCommon();
  const [status, setStatus] = useState<CouponAnswer["status"] | "all">("all");
  const coupons = useApi().useInfiniteQuery(
    "get",
    "/members/{member_id}/coupons",
    { params: { ...pathOf(memberId), ...(status !== "all" && { query: { status } }) } },
    PAGED,
  );
  return (
    <div className="stack">
      <div className="filters">
        <Select
          label={parts.state}
          options={[
            { id: "all", label: parts.all },
            ...(["available", "used", "expired"] as const).map((id) => ({ id, label: couponStatus[id] })),
          ]}
          value={status}
          onChange={setStatus}
        />
      </div>
      <Pages query={coupons} empty={<Empty title={texts.noCoupons}>{texts.noCouponsHere}</Empty>}>
        {(items) => <CouponsTable coupons={items} />}
      </Pages>
    </div>
  );
}

function CouponsTable({ coupons }: { coupons: readonly CouponAnswer[] }) {
  const texts = useTexts();
  const parts = useParts();
  const { couponStatus } = useCommon();
  const tones = { available: "good", used: "plain", expired: "plain" } as const;
  return (
    <Table
      caption={texts.tabs.coupons}
      rows={coupons}
      keyOf={(each) => each.coupon_id}
      columns={[
        {
          id: "id",
          title: texts.coupon,
          head: true,
          cell: (each) => <Id of={texts.coupon}>{each.coupon_id}</Id>,
        },
        {
          id: "kind",
          title: texts.kind,
          cell: (each) =>
            each.template_id === null ? texts.birthdayCoupon : <TemplateRef id={each.template_id} />,
        },
        {
          id: "face",
          title: texts.face,
          end: true,
          cell: (each) =>
            each.face_value_fen === null ? `× ${each.rate ?? ""}` : <Money fen={each.face_value_fen} />,
        },
        {
          id: "min",
          title: texts.minimum,
          end: true,
          cell: (each) => <Money fen={each.min_goods_fen} />,
        },
        {
          id: "valid",
          title: texts.valid,
          cell: (each) => (
            <>
              <Moment at={each.valid_from} /> – <Moment at={each.valid_until} />
            </>
          ),
        },
        {
          id: "status",
          title: parts.state,
          cell: (each) => (
            <>
              <Badge tone={tones[each.status]}>{couponStatus[each.status]}</Badge>{" "}
              {each.order_id !== null && <OrderRef id={each.order_id} />}
            </>
          ),
        },
      ]}
    />
  );
}

function Orders({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const orders = useApi().useInfiniteQuery(
    "get",
    "/members/{member_id}/orders",
    { params: pathOf(memberId) },
    PAGED,
  );
  return (
    <Pages query={orders} empty={<Empty title={texts.noOrders}>{texts.noOrdersHere}</Empty>}>
      {(items) => <OrdersTable caption={texts.tabs.orders} orders={items} ofMember />}
    </Pages>
  );
}

function Birthdays({ memberId }: { memberId: string }) {
  const texts = useTexts();
  const parts = useParts();
  const changes = useApi().useInfiniteQuery(
    "get",
    "/members/{member_id}/birthday-changes",
    { params: pathOf(memberId) },
    PAGED,
  );
  return (
    <Pages query={changes} empty={<Empty title={texts.noBirthdays}>{texts.noBirthdaysHere}</Empty>}>
      {(items) => (
        <Table
          caption={texts.tabs.birthdays}
          rows={items}
          keyOf={(each) => each.changed_at}
          columns={[
            { id: "at", title: parts.at, head: true, cell: (each) => <Moment at={each.changed_at} /> },
            {
              id: "reason",
              title: parts.reason,
              cell: (each) => <span className="words">{each.reason ?? "—"}</span>,
            },
            {
              id: "by",
              title: texts.operator,
              cell: (each) => <OperatorRef id={each.operator} />,
            },
          ]}
        />
      )}
    </Pages>
  );
}
