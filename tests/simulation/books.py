"""The independent model of the rules, fed with the facts, against what the programme says and has stored."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

from functions.points.passes import AuditKind
from tests.oracle import calendar, lunar, tables, tiers
from tests.oracle.offer_shapes import Coupon, Running
from tests.simulation.calls import order_id_of
from tests.simulation.facts import Fact, Facts, order_name, units_of, within
from tests.simulation.foretold import AUTO_RECEIPT, PAYMENT_WINDOW
from tests.simulation.lives import Life, at, differ
from tests.simulation.offers_books import OfferBooks
from tests.simulation.offers_priced import Priced, Sources, priced
from tests.simulation.offers_rows import birthday_coupon, gifts_of, running_of, template_coupon
from tests.simulation.retraced import Retraced
from tests.simulation.script import Violation
from tests.simulation.watch import Watch
from tests.simulation.world import World
from tests.support.events import Call, claims, staff

Json = dict[str, Any]
RELEASE = timedelta(days=tables.RULES.release_days)
TOLD = {
    "OrderPlaced": "placed_at",
    "OrderPaid": "paid_at",
    "OrderShipped": "shipped_at",
    "OrderReceived": "received_at",
    "OrderClosed": "closed_at",
}
"""The events of orders, and the time that each is about."""
CLOSED = {"returned", "cancelled", "lapsed", "refused"}
STATUSES = ("placed", "paid", "shipped", "received", *sorted(CLOSED))


class Books:
    """One look at a world at rest.

    Raises
    ------
    Violation
        Whatever does not agree.
    """

    def __init__(
        self, world: World, facts: Facts, known: dict[tuple[str, int, int], "Life"], watch: Watch
    ) -> None:
        self.world = world
        self.facts = facts
        self.watch = watch
        self.now = world.time.now()
        self._known = known
        """Closed orders by name, version and number of facts: such a one has been looked at."""
        self.lives: list[Life] = []
        self._available: Counter[int] = Counter()
        self._frozen = self._debt = 0

    def check(self) -> None:
        """Compare everything."""
        by_order: dict[str, dict[str, list[Fact]]] = defaultdict(lambda: defaultdict(list))
        for fact in self.facts.of.values():
            if fact.happened and "order" in fact.op.what:
                by_order[fact.op["order"]][fact.op.do].append(fact)
        for placed in self.facts.happened("order"):
            name = order_name(placed.op)
            then = by_order[name]
            row = self.world.cloud.row("Orders", order_id=order_id_of(name), item="ORDER") or {"version": 0}
            look = (name, row["version"], sum(map(len, then.values())))
            life = self._known.get(look) or self._life(placed, then)
            if life.status in CLOSED:
                self._known[look] = life
            self.lives.append(life)
        differ("orders nobody placed", "orders", len(self.lives), self._orders_stored())
        self._check_stock()
        members = sorted({fact.op["member"] for fact in self.facts.happened("register")})
        for member in members:
            lives = [life for life in self.lives if life.member == member]
            self._check_tier(member, lives)
            self._check_tier_history(member, lives)
            self._check_coupons(member, lives)
            self._check_points(member, lives)
        OfferBooks(self.world, self.watch, self.lives, self.now).check(members)
        self._check_refunds_due()
        self._check_told()
        self._check_lists()

    def _orders_stored(self) -> int:
        return sum(row["item"] == "ORDER" for row in self.world.cloud.rows("Orders"))

    # Orders

    def _life(self, placed: Fact, then: dict[str, list[Fact]]) -> Life:
        name, op = order_name(placed.op), placed.op
        order_id = order_id_of(name)
        shown = self.world.ask(Call("GET", f"/orders/{order_id}", None, staff())).body
        row = self.world.cloud.row("Orders", order_id=order_id, item="ORDER")
        if row is None:
            raise Violation("order lost", name)
        placed_at = at(shown["placed_at"])
        assert placed_at is not None
        if not within(placed, placed_at):
            raise Violation("placed at another time", f"{name}: {placed_at}")
        if op["expects"] is not None:
            differ("expected amount", name, op["expects"], shown["quote"]["paid_fen"])
        bought = [line for line in shown["lines"] if line["gift_of"] is None]
        differ("units", name, op["units"], {line["sku"]: line["quantity"] for line in bought})
        order = self._priced(placed, shown, row, placed_at)
        paid_at = self._paid_at(name, shown, then["pay"], order.paid_fen, placed_at)
        status, closed_at, received_at = self._status(name, shown, then, placed_at, paid_at, order)
        staying = list(order.all_quantities)
        if status in CLOSED:
            staying = [0] * len(staying)
        skus = [line["line_id"] for line in shown["lines"]]
        life = Life(name, op["member"], shown, row, order, status, paid_at, staying)
        if paid_at is not None:
            life.staying = self._changes(life, skus, [*then["cancel_units"], *then["give_back"]], closed_at)
        if received_at is not None:
            life.released_from = received_at + RELEASE
        differ("status", name, status, shown["status"])
        kept = life.retained
        if status not in CLOSED and paid_at is None:
            kept = kept | {"earned_points": 0}
        differ("retained", name, kept, shown["retained"])
        differ("refunded", name, order.paid_fen - kept["paid_fen"] if paid_at else 0, shown["refunded_fen"])
        if status not in ("cancelled", "refused"):
            for what, facts in (("cancelled", then["cancel_units"]), ("returned", then["give_back"])):
                gone = [sum(units_of(fact.op, skus).get(line_id, 0) for fact in facts) for line_id in skus]
                differ(f"{what} units", name, gone, [line[f"{what}_quantity"] for line in shown["lines"]])
        self._check_parcel(name, shown, then["ship"])
        return life

    @staticmethod
    def _check_parcel(name: str, shown: Json, ships: list[Fact]) -> None:
        """A parcel is found as somebody told, or as nobody did (what is written can be read)."""
        for what in ("carrier", "tracking_no"):
            told = [fact.op["told"][what] for fact in ships if what in fact.op["told"]]
            # A correction may not have happened, and then what came before it stands.
            untold = [None] if len(told) < len(ships) or not ships else []
            if shown[what] not in [*told, *untold]:
                raise Violation("parcel from nowhere", f"{name}: {shown[what]}, told {told}")

    def _priced(self, placed: Fact, shown: Json, row: Json, placed_at: datetime) -> Priced:
        """Price what was taken once more (P2-P8, V1-V8), and compare it with what was asked for."""
        name, op, quote = order_name(placed.op), placed.op, shown["quote"]
        versions = {use["campaign_id"]: use["version"] for use in row["quote"].get("line_offers", [])}
        sources = Sources(
            campaign=self._campaign, coupon=partial(self._coupon, op["member"]), zones=self._zones
        )
        redeemed, used = quote["points"]["redeemed"], quote["coupon"]
        if isinstance(op["points"], int):
            differ("points redeemed", name, op["points"], redeemed)
        if op["coupon"] != "best":
            asked = None if op["coupon"] == "none" else op["coupon"]
            differ("coupon asked for", name, asked, used and used["coupon_id"])
        asked = op.what.get("campaigns", "best")
        if asked != "best":
            wanted = [] if asked == "none" else sorted(asked)
            differ("campaigns asked for", name, wanted, [use["campaign_id"] for use in quote["campaigns"]])
        if op.what.get("gifts") is not None:
            differ("gifts expected", name, op["gifts"], gifts_of(quote))
        return priced(
            name, quote | {"line_offers": versions, "bases": _bases(row["quote"])}, placed_at, sources
        )

    def _campaign(self, campaign_id: str, version: int) -> Running:
        rows = [row for _, row in self.watch.offers.history[campaign_id] if row["version"] == version]
        if not rows:
            raise Violation("campaign from nowhere", f"{campaign_id} {version}")
        return running_of(rows[0])

    def _zones(self, sku: str, price_fen: int) -> set[bool]:
        """Return what staff have said of the zone of a product of this price."""
        return {
            bool(fact.op["zone"])
            for fact in self.facts.happened("put_product")
            if (fact.op["sku"], fact.op["price_fen"]) == (sku, price_fen)
        }

    def _coupon(self, member: str, coupon_id: str) -> Coupon:
        coupons = self.watch.coupons
        if coupon_id in coupons.coupons:
            row = coupons.coupons[coupon_id]
            differ("coupon of another", coupon_id, member, row["member_id"])
            version = coupons.versions[row["template_id"], row["template_version"]]
            return replace(template_coupon(row, version), used=False)
        for row in self._coupon_rows(member):
            if row["coupon_id"] == coupon_id:
                return replace(birthday_coupon(row), used=False)
        raise Violation("coupon from nowhere", f"{member} {coupon_id}")

    def _paid_at(
        self, name: str, shown: Json, pays: list[Fact], paid_fen: int, placed_at: datetime
    ) -> datetime | None:
        expected = sorted((fact.op["payment"], fact.op["amount_fen"]) for fact in pays)
        payments = shown["payments"]
        differ(
            "payments", name, expected, sorted((each["payment_id"], each["amount_fen"]) for each in payments)
        )
        applied = [each for each in payments if each["applied"]]
        paid_at = at(shown["paid_at"])
        if paid_fen == 0:
            differ("paid at once", name, placed_at, paid_at)
            return paid_at
        differ("payments applied", name, 0 if paid_at is None else 1, len(applied))
        if paid_at is None:
            return None
        fact = next(each for each in pays if each.op["payment"] == applied[0]["payment_id"])
        if not within(fact, paid_at) or paid_at >= placed_at + PAYMENT_WINDOW:
            raise Violation("paid at another time", f"{name}: {paid_at}")
        differ("amount", name, paid_fen, applied[0]["amount_fen"])
        return paid_at

    def _status(
        self,
        name: str,
        shown: Json,
        then: dict[str, list[Fact]],
        placed_at: datetime,
        paid_at: datetime | None,
        order: Priced,
    ) -> tuple[str, datetime | None, datetime | None]:
        """Return what has become of an order, when it was closed and when received (O1-O5)."""
        closed_at, received_at = at(shown["closed_at"]), at(shown["received_at"])
        units = Counter[str]()
        lines = [line["line_id"] for line in shown["lines"]]
        for fact in then["cancel_units"]:
            units.update(units_of(fact.op, lines))
        whole = sum(units.values()) == sum(order.all_quantities)
        if then["cancel"] or whole:
            if then["ship"]:
                raise Violation("cancelled and shipped", name)
            closing = [*then["cancel"], *(then["cancel_units"] if whole else ())]
            if closed_at is None or not any(within(fact, closed_at) for fact in closing):
                raise Violation("cancelled at another time", f"{name}: {closed_at}")
            return "cancelled", closed_at, None
        if paid_at is None and units:
            raise Violation("units left an order that nobody had paid", name)
        if paid_at is None:
            if then["ship"]:
                raise Violation("shipped unpaid", name)
            if self.now < placed_at + PAYMENT_WINDOW:
                return "placed", None, None
            differ("lapsed at", name, placed_at + PAYMENT_WINDOW, closed_at)
            return "lapsed", closed_at, None
        if not then["ship"]:
            return "paid", None, None
        shipped_at = at(shown["shipped_at"])
        if shipped_at is None or not any(within(fact, shipped_at) for fact in then["ship"]):
            raise Violation("shipped at another time", f"{name}: {shipped_at}")
        if then["refuse"]:
            if then["receive"] or then["give_back"]:
                raise Violation("refused and received", name)
            return "refused", self._at(name, then["refuse"], closed_at), None
        if received_at is not None and then["receive"] and within(then["receive"][0], received_at):
            pass
        elif self.now >= shipped_at + AUTO_RECEIPT:
            differ("received at", name, shipped_at + AUTO_RECEIPT, received_at)
        elif then["receive"]:
            raise Violation("received at another time", f"{name}: {received_at}")
        else:
            return "shipped", None, None
        back = units
        for fact in then["give_back"]:
            back.update(units_of(fact.op, lines))
        ordered = Counter({line["line_id"]: line["quantity"] for line in shown["lines"]})
        if any(units > ordered[sku] for sku, units in back.items()):
            raise Violation("more returned than ordered", f"{name}: {back}")
        whole = sum(back.values()) == sum(order.all_quantities)
        return ("returned" if whole else "received"), (closed_at if whole else None), received_at

    @staticmethod
    def _at(name: str, facts: list[Fact], moment: datetime | None) -> datetime:
        if moment is None or not within(facts[0], moment):
            raise Violation("happened at another time", f"{name}: {facts[0].op} at {moment}")
        return moment

    def _changes(
        self, life: Life, skus: list[str], units: list[Fact], closed_at: datetime | None
    ) -> list[int]:
        """Find the order in which units left, from what was kept after each; return what stays."""
        stored = [
            (at(change["at"]), change["effective_fen"], change["earned_points"], change["paid_fen"])
            for change in self.world.cloud.changes_of(life.row)[1:]
        ]
        closed = []
        if life.status in ("cancelled", "refused") and len(stored) > len(units):  # closed by no units
            stored, closed = stored[:-1], stored[-1:]
            differ("last change", life.name, [(closed_at, 0, 0, 0)], closed)
        differ("changes", life.name, len(units), len(stored))
        stays = self._in_some_order(life, skus, units, stored, list(life.order.all_quantities))
        if stays is None:
            raise Violation("units add up to something else", f"{life.name}: {stored}")
        if closed:
            assert closed_at is not None
            life.changes.append((closed_at, 0, life.order.redeemed_points))
            return [0] * len(skus)
        return stays

    def _in_some_order(
        self,
        life: Life,
        skus: list[str],
        returns: Sequence[Fact],
        stored: Sequence[tuple[datetime | None, int, int, int]],
        staying: list[int],
    ) -> list[int] | None:
        if not stored:
            return staying
        moment = stored[0][0]
        assert moment is not None
        for fact in returns:
            gone = units_of(fact.op, skus)
            after = [stays - gone.get(line, 0) for line, stays in zip(skus, staying, strict=True)]
            if min(after) < 0 or not within(fact, moment):
                continue
            kept = life.order.retained(after)
            if (kept["order_amount_fen"], kept["earned_points"], kept["paid_fen"]) != stored[0][1:]:
                continue
            before = life.order.retained(staying)
            gave = (
                before["paid_fen"] - kept["paid_fen"],
                before["redeemed_points"] - kept["redeemed_points"],
            )
            if min(gave) < 0:
                raise Violation("negative refund", f"{life.name}: {gave}")
            told = fact.answer and (fact.answer.body["refund_fen"], fact.answer.body["points_restored"])
            if told and told != gave:
                continue
            restored = life.order.redeemed_points - kept["redeemed_points"]
            life.changes.append((moment, kept["earned_points"], restored))
            rest = [each for each in returns if each is not fact]
            found = self._in_some_order(life, skus, rest, stored[1:], after)
            if found is not None:
                return found
            life.changes.pop()
        return None

    # Stock, tiers, coupons

    def _check_stock(self) -> None:
        expected: Counter[str] = Counter()
        for fact in self.facts.happened("move_stock"):
            expected[fact.op["sku"]] += fact.op["delta"]
        for life in self.lives:
            for line, stays in zip(life.shown["lines"], life.staying, strict=True):
                expected[line["sku"]] -= stays
        for sku in sorted({fact.op["sku"] for fact in self.facts.happened("put_product")}):
            found = self.world.ask(Call("GET", f"/products/{sku}", None, staff())).body
            differ("stock", sku, expected[sku], found["stock"] + self.watch.offers.aside(sku))

    def _check_tier(self, member: str, lives: list[Life]) -> None:
        paid = [life for life in lives if life.paid_at is not None]
        effective = sum(life.retained["order_amount_fen"] for life in paid)
        shown = self.world.ask(Call("GET", "/members/me", None, claims(member))).body
        differ("E", member, effective, shown["effective_amount_fen"])
        differ("tier", member, tiers.tier(bool(paid), effective), shown["tier"])
        following = tiers.amount_to_next(bool(paid), effective)
        told = shown["next_tier"] and (shown["next_tier"]["tier"], shown["next_tier"]["amount_to_go_fen"])
        differ("next tier", member, following, told)

    def _check_tier_history(self, member: str, lives: list[Life]) -> None:
        """Each change begins where the one posted before it ended, and names an order's change (T5)."""
        rows = [
            row
            for row in self.world.cloud.rows("Members")
            if row["member_id"] == member and row["item"].startswith("TIER#")
        ]
        rows.sort(key=lambda row: row["item"].split("#")[2:])  # in the order of their postings
        known = {
            (order_id_of(life.name), moment)
            for life in lives
            for moment in (life.paid_at, *(change[0] for change in life.changes))
        }
        held = "J0"
        for row in rows:
            differ("tier before", f"{row}", held, row["before"])
            held = tiers.tier(True, row["effective_fen"])
            differ("tier after", f"{row}", held, row["after"])
            if (row["order_id"], at(row["changed_at"])) not in known:
                raise Violation("tier changed by nothing", f"{row}")
        paid = [life for life in lives if life.paid_at is not None]
        effective = sum(life.retained["order_amount_fen"] for life in paid)
        differ("last tier", member, tiers.tier(bool(paid), effective), held)

    def _check_coupons(self, member: str, lives: list[Life]) -> None:
        coupons = list(self._pages("/members/me/coupons?limit=100", claims(member)))
        using = {
            life.shown["quote"]["coupon"]["coupon_id"]: order_id_of(life.name)
            for life in lives
            if life.shown["quote"]["coupon"] and life.status not in CLOSED
        }
        held = [
            life.shown["quote"]["coupon"]["coupon_id"]
            for life in lives
            if life.shown["quote"]["coupon"] and life.status not in CLOSED
        ]
        differ("coupon used more than once", member, len(using), len(held))
        theirs = [name for name, row in self.watch.coupons.coupons.items() if row["member_id"] == member]
        listed = sorted(coupon["coupon_id"] for coupon in coupons if coupon["kind"] != "birthday")
        differ("coupons listed", member, sorted(theirs), listed)
        months = [at(coupon["valid_from"]) for coupon in coupons if coupon["kind"] == "birthday"]
        for later, earlier in pairwise(months):
            assert later is not None
            assert earlier is not None
            if later - earlier < timedelta(days=300):
                raise Violation("coupons too near to one another", f"{member}: {months}")
        for coupon in coupons:
            order_id = using.get(coupon["coupon_id"])
            until = at(coupon["valid_until"])
            assert until is not None
            over = self.now >= until + timedelta(seconds=1)
            status = "used" if order_id else "expired" if over else "available"
            differ("coupon", f"{member} {coupon}", (status, order_id), (coupon["status"], coupon["order_id"]))
        shown = self.world.ask(Call("GET", "/members/me", None, claims(member))).body
        if shown["birthday"] is None or shown["tier"] == "J0":
            return
        first = calendar.store_time(self.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        years = [each["item"].removeprefix("COUPON#BIRTHDAY#") for each in self._coupon_rows(member)]
        due = _due_year(shown, first.date())
        near = any(begins is not None and first - begins < timedelta(days=300) for begins in months)
        if due is not None and due not in years and not near:
            raise Violation("no birthday coupon", f"{member}: {shown}")

    def _coupon_rows(self, member: str) -> list[Json]:
        return [
            row
            for row in self.world.cloud.rows("Members")
            if row["member_id"] == member and row["item"].startswith("COUPON#BIRTHDAY#")
        ]

    # Lists

    def _check_lists(self) -> None:
        """A search shows each order once, under the status that it reads as; so does its member's list."""
        orders = {order_id_of(life.name): (life.member, life.shown["status"]) for life in self.lives}
        for status in STATUSES:
            expected = sorted(order_id for order_id, (_, its) in orders.items() if its == status)
            found = self._pages(f"/orders/search?limit=100&status={status}", staff())
            differ("orders found", status, expected, sorted(each["order_id"] for each in found))
        for member in sorted({member for member, _ in orders.values()}):
            expected = sorted(order_id for order_id, (its, _) in orders.items() if its == member)
            found = self._pages(f"/members/{member}/orders?limit=100", staff())
            differ("orders listed", member, expected, sorted(each["order_id"] for each in found))
        products = [row for row in self.world.cloud.rows("Catalog") if row["item"] == "PRODUCT"]
        for who, statuses in ((staff(), ("on_sale", "withdrawn")), (claims("ann"), ("on_sale",))):
            skus = sorted(row["sku"] for row in products if row["status"] in statuses)
            differ("products listed", f"{who}", skus, self._skus("/products?limit=4", who))
            named = [sku for sku in skus if sku.startswith("p")]  # a product has its sku for a name
            differ("products found", f"{who}", named, self._skus("/products?limit=1&q=P", who))

    def _skus(self, path: str, who: dict[str, str]) -> list[str]:
        return [each["sku"] for each in self._pages(path, who)]

    def _pages(self, path: str, who: dict[str, str]) -> Iterator[Json]:
        query: str | None = path
        while query:
            route, _, parameters = query.partition("?")
            call = Call("GET", route, None, who)
            call.query = dict(each.split("=", 1) for each in parameters.split("&") if each)
            page = self.world.ask(call).body
            yield from page["items"]
            query = page["next_cursor"] and f"{path}&cursor={page['next_cursor']}"

    # Points

    def _check_points(self, member: str, lives: list[Life]) -> None:
        rows = [
            row
            for row in self.world.cloud.rows("Members")
            if row["member_id"] == member and row["item"].startswith("ENTRY#")
        ]
        rows.sort(key=lambda row: row["number"])
        told = [each["kind"] for each in self._pages("/members/me/points/entries?limit=100", claims(member))]
        differ("entries shown", member, sorted(row["kind"] for row in rows), sorted(told))
        adjustments = {
            fact.op["adjustment"]: fact
            for fact in self.facts.happened("adjust")
            if fact.op["member"] == member
        }
        retraced = Retraced(member, lives, adjustments)
        retraced.follow(rows)
        model = retraced.model
        wallet = self.world.cloud.row("Members", member_id=member, item="WALLET")
        assert wallet is not None
        stored = {int(year): points for year, points in wallet["available"].items() if points}
        differ(
            "wallet",
            member,
            (model.frozen, model.available, model.debt),
            (wallet["frozen"], stored, wallet["debt"]),
        )
        shown = self.world.ask(Call("GET", "/members/me/points", None, claims(member))).body
        usable = model.usable(self.now)
        differ("expired but not written off", member, usable, model.available)
        differ(
            "points shown",
            member,
            (sum(usable.values()), model.frozen, model.debt),
            (shown["available"], shown["frozen"], shown["debt"]),
        )
        self._available.update(model.available)
        self._frozen += model.frozen
        self._debt += model.debt
        frozen = sum(
            life.retained["earned_points"]
            for life in lives
            if life.paid_at is not None and (life.released_from is None or life.released_from > self.now)
        )
        differ("frozen points", member, frozen, model.frozen)

    def check_audit(self, kind: AuditKind | None) -> None:
        """Compare what an audit of this moment has found with the model; it finds no difference.

        ``kind`` is the audit's, where it is known.
        """
        report = self.world.ask(Call("GET", "/reports/points-liability", None, staff())).body
        differ("audited at", "report", self.now, at(report["as_of"]))
        differ("audit", "kind", kind or report["kind"], report["kind"])
        available = {each["earned_in"]: each["points"] for each in report["available"] if each["points"]}
        expected = {year: points for year, points in sorted(self._available.items()) if points}
        differ("liability", "available", expected, available)
        differ("liability", "frozen and debt", (self._frozen, self._debt), (report["frozen"], report["debt"]))
        differ("liability", "value", sum(expected.values()) // 5, report["value_fen"])
        found = self.world.ask(Call("GET", "/reports/points-differences", None, staff())).body["items"]
        differ("audit difference", "report", [], found)

    # Money

    def _check_refunds_due(self) -> None:
        """Every amount that is to be paid back is told exactly once, by the id of its event (O6)."""
        if "orders-publisher" in self.world.lost:
            return
        due: Counter[str] = Counter()
        for event in self.world.told("RefundDue").values():
            due[event["order_id"]] += event["amount_fen"]
        for life in self.lives:
            expected = life.shown["refunded_fen"]
            expected += sum(each["amount_fen"] for each in life.shown["payments"] if not each["applied"])
            differ("refunds told", life.name, expected, due[order_id_of(life.name)])

    def _check_told(self) -> None:
        """What the outside is told is what has happened, all of it."""
        if "orders-publisher" not in self.world.lost:
            for kind, when in TOLD.items():
                expected = sorted(order_id_of(life.name) for life in self.lives if life.shown[when])
                told = sorted(event["order_id"] for event in self.world.told(kind).values())
                differ(f"{kind} told", "orders", expected, told)
        if "members-publisher" not in self.world.lost:
            rows = self.world.cloud.rows("Members")
            coupons = sorted(row["coupon_id"] for row in rows if row["item"].startswith("COUPON#"))
            told = sorted(event["coupon_id"] for event in self.world.told("CouponIssued").values())
            differ("CouponIssued told", "coupons", coupons, told)
            changes = sum(row["item"].startswith("TIER#") for row in rows)
            differ("TierChanged told", "changes", changes, len(self.world.told("TierChanged")))
            entries = Counter(row["kind"] for row in rows if row["item"].startswith("ENTRY#"))
            differ("PointsEarned told", "entries", entries["earn"], len(self.world.told("PointsEarned")))
        if "catalog-publisher" not in self.world.lost:
            days = sorted(
                row["date"] for row in self.world.cloud.rows("Catalog") if row["item"] == "MEMBER_DAY"
            )
            told = sorted(event["date"] for event in self.world.told("MemberDayOpened").values())
            differ("MemberDayOpened told", "days", days, told)
            differ("StockLow told", "falls", self.watch.falls, len(self.world.told("StockLow")))


def _bases(quote: Json) -> dict[str, tuple[int, ...]]:
    """Return the places of the lines that each order offer of an order counts, and its template's coupon."""
    used = {use["campaign_id"]: tuple(use["base"]) for use in quote.get("campaigns", [])}
    coupon = quote["coupon"]
    return used if coupon is None or "base" not in coupon else used | {"coupon": tuple(coupon["base"])}


def _due_year(member: Json, first: date) -> str | None:
    """Return the year, by name, that a coupon of a month counts for; None if none is due (B1, B6)."""
    told = member["birthday"]
    if isinstance(told, str):
        return str(first.year) if int(told[5:7]) == first.month else None
    found = lunar.in_solar_month(told["month"], told["day"], told["leap"], first)
    return None if found is None else f"l{found[0]}"
