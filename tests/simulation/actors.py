"""Who does what: shoppers, staff and a payment provider, and AWS with its streams, queues and schedules."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions import contexts
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import identifiers
from functions.domain.birthdays import coupon_years
from functions.domain.timetable import Every
from functions.offers.timetable import END_CAMPAIGNS
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.points.passes import AUDITS
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS
from tests.oracle.tables import RULES
from tests.simulation.calls import order_id_of
from tests.simulation.facts import order_name
from tests.simulation.lanes import LANES_MAX
from tests.simulation.offers_acts import OfferActs
from tests.simulation.offers_rows import gifts_of
from tests.simulation.programme import QUEUES
from tests.simulation.readers import READERS
from tests.simulation.script import Op, Step
from tests.simulation.world import POLICY, START, Outcome, World

MEMBERS = ("ann", "bob", "cy", "di")
PRODUCTS = {
    "tea": (9_950, False),
    "cup": (12_900, True),
    "pin": (320, True),
    "pot": (19_800, False),
    "set": (666_667, True),
    "art": (3_500_000, False),
}
"""Prices in fen, and whether in the zone: from below the shipping fee to above a tier's whole span."""
Json = dict[str, Any]
LUNAR_SHARE = 0.35
"""How many of the birthdays that are told are lunar (B6)."""
BIRTHDAYS = ("1988-02-29", "1990-05-31", "1990-06-01", "1990-07-15", "1990-12-31", None)
ALTERED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "order": ("units", lambda units: {sku: count + 1 for sku, count in units.items()}),
    "pay": ("amount_fen", lambda amount_fen: amount_fen + 1),
    "give_back": ("units", lambda units: {sku: count + 1 for sku, count in units.items()}),
    "cancel_units": ("units", lambda units: {sku: count + 1 for sku, count in units.items()}),
    "adjust": ("points", lambda points: -points),
    "move_stock": ("delta", lambda delta: -delta),
    "claim": ("template", lambda template: f"{template}0"),
    "issue": ("template", lambda template: f"{template}0"),
}
"""What of an operation is altered so that it is another one under the same id."""
SELDOM = (18, 2, 0)  # an audit reads everything, again and again
OFTEN = (LAPSE_UNPAID, AUTO_RECEIPT, RELEASE_POINTS, END_CAMPAIGNS)
READS = (
    "/members/me",
    "/members/me/points",
    "/members/me/points/entries",
    "/members/me/coupons",
    "/members/me/coupons/claimable",
    "/members/me/tier-history",
    "/orders",
    "/products",
    "/products/tea",
    "/member-day",
    "/offers",
)
READS_OF_STAFF = ("/campaigns", "/coupon-templates")
DUE_AFTER = {
    "placed_at": timedelta(minutes=RULES.payment_window_minutes),
    "shipped_at": timedelta(days=RULES.auto_receipt_days),
    "received_at": timedelta(days=RULES.release_days),
}
"""How long after each time of an order, the last that it has, something happens to it by itself."""
FOLLOWS = {
    "placed": ("pay", 0.8),
    "paid": ("ship", 0.7),
    "shipped": ("receive", 0.5),
    "received": ("give_back", 0.4),
}
"""What is mostly done next with an order, and how often."""
HOT_PRODUCTS = ("tea", "cup")
HOT_SHARE = 0.7
"""How much of what is done is about those, where there are any."""
FIRST_ROWS = (4, None, 2, None, None, 3)
ROWS_WANTED = (None, None, 2, 3, 5)
"""In how many rows staff may want a product's stock (Z1)."""
FAULTS = 0.1


@dataclass
class Seen:
    """An order as its shopper and the staff know it."""

    name: str
    units: dict[str, int]
    paid_fen: int
    status: str = "placed"
    placed_at: datetime = START
    due: datetime = START
    payments: list[Op] = field(default_factory=list)
    returns: list[Op] = field(default_factory=list)
    cancels: list[Op] = field(default_factory=list)

    def status_at(self, now: datetime) -> str:
        """What it is by now, as far as one can know without asking (O2, O3)."""
        if self.due <= now:
            return {"placed": "lapsed", "shipped": "received"}.get(self.status, self.status)
        return self.status


class Actors:
    """Thinks of the next step of a world, from a seed and from what was answered so far."""

    def __init__(self, seed: int, world: World, *, faults: float = FAULTS, hot: bool = False) -> None:
        """Begin; with ``hot`` most of what is done is about two products, whose stock many want at once."""
        self._chance = random.Random(seed)  # noqa: S311 - a simulation
        self._world = world
        self._faults = faults
        self._hot = hot
        self._number = 0
        self._orders: dict[str, Seen] = {}
        self._sent: list[Op] = []
        self._unknown: list[Op] = []
        self._due: list[Op] = []
        self._next: list[tuple[str, Seen]] = []
        self._quoted: Op | None = None
        prices = {sku: fen for sku, (fen, _) in PRODUCTS.items()}
        self._offers = OfferActs(self._chance, world, self._name, prices, MEMBERS)
        self._beginning = [
            *(
                Op("put_product", sku=sku, price_fen=fen, zone=zone, threshold=3, rows=rows)
                for (sku, (fen, zone)), rows in zip(PRODUCTS.items(), FIRST_ROWS, strict=True)
            ),
            *(
                Op("move_stock", sku=sku, movement=f"first-{sku}", delta=self._chance.randint(1, 40))
                for sku in PRODUCTS
            ),
            *(Op("register", member=name, birthday=self._birthday()) for name in MEMBERS),
            *self._offers.beginning(),
        ]

    def next(self) -> Step:
        """Return the next step."""
        moment = self._moment()
        seed = self._chance.getrandbits(32)
        faults = self._faults if self._chance.random() < 0.9 else 0.0
        if self._beginning:
            ops = [self._beginning.pop(0)]
        else:
            counts = (1, 2, 3, LANES_MAX, LANES_MAX) if faults else (1, 1, 2)
            ops = [self._op() for _ in range(self._chance.choice(counts))]
            if self._hot and self._chance.random() < HOT_SHARE:
                ops = self._about_sku(self._chance.choice(HOT_PRODUCTS), len(ops))
            elif len(ops) > 1 and self._chance.random() < 0.4:
                ops = self._about_one(len(ops))
            if len(ops) > 1 and self._chance.random() < 0.25:
                ops[-1] = ops[0]  # the same at once, as after a double click
        return Step(moment.astimezone(UTC).isoformat(), seed, tuple(ops), faults)

    def learn(self, outcomes: list[Outcome]) -> None:
        """Take in what was answered."""
        for outcome in outcomes:
            op = outcome.op
            self._offers.learn(outcome)
            if outcome.unknown and op.do not in ("read", "quote"):
                self._unknown.append(op)
            answer = outcome.answer
            if answer is None or answer.status >= 300:
                continue
            if op.do == "quote":
                gifts = gifts_of(answer.body)
                self._quoted = Op("order", **op.what, key="", expects=answer.body["paid_fen"], gifts=gifts)
            if op.do not in ("read", "quote"):
                self._sent = [*self._sent[-30:], op]
            if op.do == "order" or "order" in op.what:
                self._see(op, answer.body)

    def _see(self, op: Op, body: dict[str, Any]) -> None:
        """Take in what an order has become, and mostly think of going on with it."""
        name = order_name(op) if op.do == "order" else op["order"]
        units = {each["line_id"]: each["quantity"] for each in body["lines"]}
        seen = self._orders.setdefault(name, Seen(name, units, body["paid_fen"]))
        seen.status = body["status"]
        for since, after in DUE_AFTER.items():
            if body[since]:
                seen.due = datetime.fromisoformat(body[since]) + after
        if op.do == "pay":
            seen.payments.append(op)
        if op.do == "give_back":
            seen.returns.append(op)
        if op.do == "cancel_units":
            seen.cancels.append(op)
        if seen.status in FOLLOWS:
            do, how_often = FOLLOWS[seen.status]
            if self._chance.random() < how_often:
                self._next.append((do, seen))

    # When

    def _moment(self) -> datetime:
        """Return when the next step begins: mostly soon, now and then just around something."""
        now, chance = self._world.time.now(), self._chance
        roll = chance.random()
        if roll < 0.6:
            return now
        if roll < 0.9:
            return now + timedelta(seconds=chance.randint(0, 120))
        if roll < 0.92:
            return self._jumped(now, now + timedelta(seconds=chance.randint(120, 40_000)))
        dues = [seen.due for seen in list(self._orders.values())[-40:] if seen.due > now]
        if dues and roll < 0.96:
            return self._jumped(now, chance.choice(dues) + timedelta(seconds=chance.randint(-1, 1)))
        here = now.astimezone(POLICY.zone)
        midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
        month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
        member_day = midnight.replace(day=POLICY.member_day.day)
        if member_day <= here:
            member_day = month.replace(day=POLICY.member_day.day)
        year = midnight.replace(year=here.year + 1, month=1, day=1)
        places = [midnight + timedelta(days=1), month, member_day, here + timedelta(days=7), year]
        to = chance.choices(places, (4, 3, 3, 2, 2))[0]
        return self._jumped(now, to + timedelta(seconds=chance.randint(-1, 1)))

    def _jumped(self, before: datetime, after: datetime) -> datetime:
        """Let the schedules fire that a jump passes: some once, a few twice, the others not at all."""
        for each in contexts.timetable(POLICY):
            if isinstance(each.when, Every) or each.when.latest(after, POLICY.zone) > before:
                shares = SELDOM if each.job in AUDITS else (5, 4, 1)
                times = self._chance.choices((0, 1, 2), shares)[0]
                self._due += [Op("fire", job=each.job)] * times
        return after

    # What

    def _op(self) -> Op:
        chance = self._chance
        if self._due and chance.random() < 0.2:
            return self._due.pop(0)
        if self._quoted is not None and chance.random() < 0.5:
            quoted, self._quoted = self._quoted, None
            return Op("order", **{**quoted.what, "key": self._name("k")})
        if self._next and chance.random() < 0.35:
            do, seen = self._next.pop(chance.randrange(len(self._next)))
            op = self._with_an_order()[do](seen)
            if op is not None:
                return op
        if self._unknown and chance.random() < 0.3:
            return self._unknown.pop(chance.randrange(len(self._unknown)))
        kinds = {
            "order": 14,
            "pay": 10,
            "ship": 6,
            "receive": 5,
            "give_back": 7,
            "cancel": 2,
            "cancel_units": 4,
            "refuse": 1,
            "adjust": 2,
            "move_stock": 3,
            "put_product": 1,
            "register": 1,
            "set_birthday": 1,
            "quote": 3,
            "read": 4,
            "again": 4,
            "altered": 2,
            "put_campaign": 4,
            "put_template": 1,
            "claim": 3,
            "make_codes": 1,
            "enter_code": 3,
            "issue": 1,
            "deliver": 26,
            "work": min(40, 2 * len(self._world.queue)),
            "fire": 2,
        }
        do = chance.choices(list(kinds), list(kinds.values()))[0]
        thought_of = self._with_an_order().get(do) or self._without_an_order()[do]
        return thought_of() or self._deliver()

    def _with_an_order(self) -> dict[str, Callable[..., Op | None]]:
        """Return what can be done with an order that is seen, or with any."""
        return {
            "pay": self._pay,
            "ship": self._ship,
            "receive": self._receive,
            "refuse": self._refuse,
            "cancel": self._cancel,
            "cancel_units": self._cancel_units,
            "give_back": self._give_back,
        }

    def _without_an_order(self) -> dict[str, Callable[[], Op | None]]:
        """Return what else can be done."""
        return {
            "order": self._order,
            "quote": self._quote,
            "read": self._read,
            "adjust": self._adjust,
            "move_stock": self._move_stock,
            "put_product": self._put_product,
            "register": self._register,
            "set_birthday": self._set_birthday,
            "again": self._again,
            "altered": self._altered,
            "deliver": self._deliver,
            "work": self._work,
            "fire": self._fire,
            **self._offers.acts(),
        }

    def _about_one(self, count: int) -> list[Op]:
        """Let several things be done at once to one order, or with one wallet and coupon, or one sku."""
        chance = self._chance
        roll = chance.random()
        if roll < 0.15:
            return self._about_offer(count)
        if roll < 0.35 or not self._orders:
            return self._about_member(chance.choice(MEMBERS), count)
        if roll < 0.6:
            return self._about_sku(chance.choice(list(PRODUCTS)), count)
        seen = chance.choice(list(self._orders.values())[-12:])
        acts = list(self._with_an_order().values())
        return [chance.choice(acts)(seen) or self._deliver() for _ in range(count)]

    def _about_offer(self, count: int) -> list[Op]:
        """Let members rush for the last of a campaign's limit, or for coupons, while staff change it."""
        chance, rush = self._chance, self._offers.rush
        if not rush or chance.random() < 0.4:
            return self._offers.many_at_once(count)
        campaign_id = chance.choice(rush)
        ops: list[Op] = []
        for _ in range(count):
            roll = chance.random()
            if roll < 0.75:
                ops.append(self._order(units=self._offers.units_for(campaign_id)))
            elif roll < 0.9:
                ops.append(self._offers.put_campaign(campaign_id))
            else:
                ops.append(self._cancel() or Op("fire", job=LAPSE_UNPAID))
        return ops

    def _about_member(self, member: str, count: int) -> list[Op]:
        kinds = self._chance.choices(("order", "adjust", "deliver", "work"), (6, 1, 1, 1), k=count)
        units = {"pot": 1} if self._usable_coupon(member) else None  # enough for a coupon, which all want
        acts = {
            "order": lambda: self._order(member, units),
            "adjust": lambda: self._adjust(member),
            "deliver": self._deliver,
            "work": self._work,
        }
        return [acts[kind]() for kind in kinds]

    def _about_sku(self, sku: str, count: int) -> list[Op]:
        """Let members rush for what there is of a product, while staff move its stock or its price."""
        stock = min(self._world.stock_of(sku), 999)
        if stock == 0:
            return [self._move_stock(sku, self._chance.choice((1, 2, 3)))]
        ops = []
        for _ in range(count):
            kind = self._chance.choices(("order", "stock", "product"), (6, 1, 1))[0]
            if kind == "order":
                less = self._chance.choice((0, 0, 1) if not self._hot else (0, 1, stock // 2, stock - 1))
                ops.append(self._order(units={sku: max(1, stock - less)}))
            elif self._hot:
                ops.append(self._about_hot(sku, kind, stock))
            else:
                ops.append(self._move_stock(sku, -stock) if kind == "stock" else self._put_product(sku))
        return ops

    def _about_hot(self, sku: str, kind: str, stock: int) -> Op:
        """Let staff move the stock or change the product, units come back, or the counter be kept."""
        chance = self._chance
        thought_of: tuple[Callable[[], Op | None], ...] = (
            lambda: self._put_product(sku),
            lambda: self._move_stock(sku, -stock if kind == "stock" else None),
            self._cancel,
            self._cancel_units,
            lambda: Op("fire", job=LAPSE_UNPAID),
            lambda: self._offers.flash_of(list(HOT_PRODUCTS)),
            lambda: Op("fire", job=END_CAMPAIGNS),
            lambda: Op("deliver", consumer="keeper"),
            lambda: Op("deliver", consumer="keeper"),
            lambda: Op("deliver", consumer="keeper"),
        )
        return chance.choice(thought_of)() or Op("deliver", consumer="keeper")

    def _name(self, what: str) -> str:
        self._number += 1
        return f"{what}{self._number}"

    def _birthday(self) -> str | Json | None:
        """Return a birthday, more often than not of this month or the next, where it can matter soon."""
        month = self._world.time.now().astimezone(POLICY.zone).month
        soon = f"1990-{month:02}-15", f"1990-{month % 12 + 1:02}-01"
        if self._chance.random() < LUNAR_SHARE:
            return self._lunar_birthday(month)
        return self._chance.choice((*soon, *soon, *BIRTHDAYS))

    def _lunar_birthday(self, month: int) -> Json:
        """Return a lunar birthday, of a lunar month that may lie in this solar one or in the next."""
        number = (month - self._chance.choice((0, 0, 1, 2, 6)) - 1) % 12 + 1
        leap = 3 <= number <= 8 and self._chance.random() < 0.2
        return {"month": number, "day": self._chance.choice((1, 15, 29, 30)), "leap": leap}

    def _seen(self, *statuses: str) -> Seen | None:
        now = self._world.time.now()
        fits = [seen for seen in self._orders.values() if seen.status_at(now) in statuses]
        return self._chance.choice(fits[-6:]) if fits else None

    def _order(self, member: str | None = None, units: dict[str, int] | None = None) -> Op:
        chance = self._chance
        if member is None:
            with_coupon = [each for each in MEMBERS if self._usable_coupon(each)]
            member = chance.choice(with_coupon if with_coupon and chance.random() < 0.6 else MEMBERS)
        if units is None and chance.random() < 0.35:
            units = self._offers.some_units()
        if units is None:
            skus = chance.sample(list(PRODUCTS), chance.choice((1, 1, 2, 3)))
            units = {sku: chance.choice((1, 1, 1, 2, 3)) for sku in skus}
        now = self._world.time.now().astimezone(POLICY.zone)
        year = self._usable_coupon(member)
        if year is None and chance.random() < 0.1:
            year = str(chance.choice(coupon_years(now.date().replace(day=1))))
        coupon = chance.choice(("none", "best", identifiers.coupon_id(member, year) if year else "best"))
        wallet = self._world.cloud.row("Members", member_id=member, item="WALLET")
        most = min(2_000, sum(wallet["available"].values()) // 500 * 500) if wallet else 0
        points: int | str = chance.choice((0, "best", most, chance.choice((500, 1_000, 2_000))))
        if coupon not in ("none", "best"):
            points = chance.choice((0, "best"))
        own = self._offers.coupon_of(member)
        if own is not None and chance.random() < 0.25:
            coupon = own
        campaigns = self._offers.asked_for()
        return Op(
            "order",
            member=member,
            key=self._name("k"),
            units=units,
            coupon=coupon,
            points=points,
            **({} if campaigns is None else {"campaigns": campaigns}),
            expects=chance.choice((None, None, None, 1)),
        )

    def _usable_coupon(self, member: str) -> str | None:
        """Return the name of the year of a coupon that a member can use now."""
        now = self._world.time.now()
        for year in map(str, coupon_years(now.astimezone(POLICY.zone).date().replace(day=1))):
            row = self._world.cloud.row("Members", member_id=member, item=f"COUPON#BIRTHDAY#{year}")
            if row is None or row["order_id"]:
                continue
            begins, ends = (datetime.fromisoformat(row[each]) for each in ("valid_from", "valid_until"))
            if begins <= now <= ends:
                return year
        return None

    def _quote(self) -> Op:
        order = self._order()
        return Op(
            "quote", **{name: value for name, value in order.what.items() if name not in ("key", "expects")}
        )

    def _pay(self, seen: Seen | None = None) -> Op | None:
        late = self._chance.random() < 0.1
        seen = seen or self._seen(*(("paid", "cancelled", "lapsed") if late else ("placed",)))
        if seen is None:
            return None
        if seen.payments and self._chance.random() < 0.2:
            return self._chance.choice(seen.payments)  # the provider tells it again
        amount = seen.paid_fen if self._chance.random() < 0.9 else self._chance.randint(1, 50_000)
        received = self._chance.random() < 0.5
        return Op("pay", order=seen.name, payment=self._name("p"), amount_fen=amount or 1, received=received)

    def _ship(self, seen: Seen | None = None) -> Op | None:
        chance = self._chance
        seen = seen or self._seen(*(("shipped", "received") if chance.random() < 0.2 else ("paid",)))
        told = {
            "tracking_no": chance.choice(("SF-1", "SF-2", None)),
            "carrier": chance.choice(("SF", "YTO", None)),
        }
        named = {name: told[name] for name in chance.sample(list(told), chance.randint(0, 2))}
        return None if seen is None else Op("ship", order=seen.name, told=named)

    def _receive(self, seen: Seen | None = None) -> Op | None:
        seen = seen or self._seen("shipped")
        return None if seen is None else Op("receive", order=seen.name)

    def _refuse(self, seen: Seen | None = None) -> Op | None:
        seen = seen or self._seen("shipped")
        return None if seen is None else Op("refuse", order=seen.name)

    def _cancel(self, seen: Seen | None = None) -> Op | None:
        seen = seen or self._seen("placed", "paid")
        return None if seen is None else Op("cancel", order=seen.name)

    def _cancel_units(self, seen: Seen | None = None) -> Op | None:
        chance = self._chance
        seen = seen or self._seen(*(("placed", "shipped") if chance.random() < 0.1 else ("paid",)))
        if seen is None:
            return None
        if seen.cancels and chance.random() < 0.15:
            return chance.choice(seen.cancels)
        units = dict(seen.units) if chance.random() < 0.2 else self._some(seen)
        return Op("cancel_units", order=seen.name, cancel_id=self._name("c"), **self._named(units))

    def _some(self, seen: Seen) -> dict[str, int]:
        """Return units of one line of an order."""
        line = self._chance.choice(list(seen.units))
        return {line: self._chance.randint(1, seen.units[line])}

    def _named(self, units: dict[str, int]) -> Json:
        """Return units of lines, named by their ids, or by their skus where there is no gift (V6)."""
        by_sku = all(":" not in line for line in units) and self._chance.random() < 0.5
        return {"units": units} if by_sku else {"units": units, "by_line": True}

    def _give_back(self, seen: Seen | None = None) -> Op | None:
        chance = self._chance
        seen = seen or self._seen("received")
        if seen is None:
            return None
        if seen.returns and chance.random() < 0.15:
            return chance.choice(seen.returns)
        units = dict(seen.units) if chance.random() < 0.3 else self._some(seen)
        return Op("give_back", order=seen.name, return_id=self._name("r"), **self._named(units))

    def _adjust(self, member: str | None = None) -> Op:
        points = self._chance.choice((1, 300, 500, 2_000, 5_000, -100, -700, -2_000))
        member = member or self._chance.choice(MEMBERS)
        return Op("adjust", member=member, adjustment=self._name("a"), points=points)

    def _move_stock(self, sku: str | None = None, delta: int | None = None) -> Op:
        delta = delta or self._chance.choice((1, 5, 20, 40, -1, -3))
        sku = sku or self._chance.choice(list(PRODUCTS))
        return Op("move_stock", sku=sku, movement=self._name("m"), delta=delta)

    def _put_product(self, sku: str | None = None) -> Op:
        sku = sku or self._chance.choice(list(PRODUCTS))
        price, zone = PRODUCTS[sku]
        return Op(
            "put_product",
            sku=sku,
            price_fen=price + self._chance.choice((0, 0, 1, 50)),
            zone=zone != (self._chance.random() < 0.2),
            threshold=self._chance.choice((None, 3)),
            status="withdrawn" if self._chance.random() < 0.15 else "on_sale",
            rows=self._chance.choice(ROWS_WANTED),
        )

    def _register(self) -> Op:
        return Op("register", member=self._chance.choice(MEMBERS), birthday=self._birthday())

    def _set_birthday(self) -> Op:
        return Op(
            "set_birthday", member=self._chance.choice(MEMBERS), birthday=self._birthday() or "1980-02-29"
        )

    def _read(self) -> Op:
        chance = self._chance
        if chance.random() < 0.2:
            path = chance.choice((*READS_OF_STAFF, *(f"/campaigns/{name}" for name in self._offers.bodies)))
            return Op("read", who="staff", staff=True, path=path)
        if self._orders and chance.random() < 0.3:
            name = chance.choice(list(self._orders))
            return Op("read", who=name.split("/")[0], staff=False, path=f"/orders/{order_id_of(name)}")
        return Op("read", who=chance.choice(MEMBERS), staff=False, path=chance.choice(READS))

    def _again(self) -> Op | None:
        return self._chance.choice(self._sent) if self._sent else None

    def _altered(self) -> Op | None:
        """Send something else under an id that is spent."""
        fits = [op for op in self._sent if op.do in ALTERED]
        if not fits:
            return None
        op = self._chance.choice(fits)
        name, change = ALTERED[op.do]
        if op.do == "order" and self._chance.random() < 0.5:  # somebody else comes upon the same key
            name, change = "member", lambda _: self._chance.choice(MEMBERS)
        return Op(op.do, **{**op.what, name: change(op[name])})

    def _deliver(self) -> Op:
        waiting = [name for name, records in self._world.pending.items() if records]
        mended = [name for name in waiting if name in ("posting", "birthdays")]
        if mended and self._chance.random() < 0.01:  # nothing mends what a publisher has lost
            return Op("lose", consumer=self._chance.choice(mended))
        return Op("deliver", consumer=self._chance.choice(waiting or list(READERS)))

    def _work(self) -> Op:
        names = sorted({each.queue for each in self._world.queue}) or list(QUEUES)
        return Op("work", queue=self._chance.choice(names))

    def _fire(self) -> Op:
        jobs: Any = (
            *OFTEN,
            *OFTEN,
            EXPIRE_POINTS,
            ISSUE_BIRTHDAY_COUPONS,
            *AUDITS,
        )
        return Op("fire", job=self._chance.choice(jobs))
