"""What must hold after every step, seen from the stream of changes alone, at the cost of what changed."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from functions.platform.dynamo import from_item
from functions.points.passes import OVERLAP
from tests.oracle import calendar, lunar, pricing, tiers
from tests.simulation.offers_coupons import CouponsWatch
from tests.simulation.offers_rows import TEMPLATE_COUPON, price_of, staying_of
from tests.simulation.offers_watch import OffersWatch
from tests.simulation.script import Violation
from tests.simulation.shelves import STOCK, Shelves, told
from tests.simulation.world import Outcome

Json = dict[str, Any]
NEXT_STATUS = {
    None: {"placed", "paid"},
    "placed": {"placed", "paid", "cancelled", "lapsed"},
    "paid": {"paid", "shipped", "cancelled"},
    "shipped": {"shipped", "received", "refused", "returned"},
    "received": {"received", "returned"},
    "cancelled": {"cancelled"},
    "lapsed": {"lapsed"},
    "refused": {"refused"},
    "returned": {"returned"},
}
"""What an order can become by one change; a shipped one may have been received by itself before."""
FOR_EVER = (
    *("RETURN#", "CANCEL#", "HISTORY#", "CHANGE#", "ADJUSTMENT", "TIER#", "MOVED#"),
    *("VERSION#", "ISSUE", "GOT#"),
)
"""How rows begin that are facts: written once."""
OPEN = {"placed", "paid", "shipped", "received"}


def _is_low(product: Json) -> bool:
    threshold = product.get("low_stock_threshold")
    on_sale = product["status"] == "on_sale"  # O7: nobody is told of a withdrawn one
    return on_sale and threshold is not None and told(product) <= threshold


def _says_when(row: Json, written: float) -> None:
    """Z3: what audits find a row by is when it was written, as far as a clock may be behind that."""
    said = datetime.fromisoformat(row["changed_at"])
    behind = written - said.timestamp()
    if not 0 <= behind <= OVERLAP.total_seconds():
        raise Violation("changed_at", f"{behind} s behind: {row}")
    day = (said + timedelta(hours=4, minutes=30)).date().isoformat()
    if not row["changed_shard"].startswith(f"{day}#"):
        raise Violation("changed_shard", f"{row}")


class Watch:
    """Sums of all that was written, kept up with each change."""

    def __init__(self) -> None:
        self._frozen: Counter[str] = Counter()
        self._debt: Counter[str] = Counter()
        self._available: dict[str, Counter[str]] = defaultdict(Counter)
        self._entries: Counter[str] = Counter()
        self._wallets: dict[str, Json] = {}
        self._moved: Counter[str] = Counter()
        self._held: dict[str, Counter[str]] = {}
        self._out: Counter[str] = Counter()
        self._products: dict[str, Json] = {}
        self.shelves = Shelves()
        self.offers = OffersWatch()
        self.coupons = CouponsWatch(self.offers.amount)
        self.falls = 0
        self._effective: dict[str, dict[str, int]] = defaultdict(dict)
        self._standing: dict[str, Json] = {}
        self._moved_changes: dict[str, list[Json]] = defaultdict(list)

    def look(self, changes: list[Json]) -> None:
        """Take in changes in the order of their commits, and check what they have left.

        Raises
        ------
        Violation
            An invariant does not hold.
        """
        members, skus = set(), set()
        self.shelves.begin()
        moved: set[str] = set()
        held = {member: [standing] for member, standing in self._standing.items()}
        issued: list[Json] = []
        kept: list[Json] = []
        for change in changes:
            before, after = (
                from_item(change["dynamodb"][image]) if image in change["dynamodb"] else None
                for image in ("OldImage", "NewImage")
            )
            row = after or before or {}
            item = row["item"]
            if after is None:
                raise Violation("row deleted", f"{row}")
            self.offers.take(before, after, change["dynamodb"]["ApproximateCreationDateTime"])
            self.coupons.take(before, after)
            if item in ("ORDER", "WALLET"):
                _says_when(after, change["dynamodb"]["ApproximateCreationDateTime"])
            if item.startswith("ENTRY#"):
                members.add(row["member_id"])
                self._entry(before, after)
            elif item == "WALLET":
                members.add(row["member_id"])
                self._one_on("wallet", before, after)
                self._wallets[row["member_id"]] = after
            elif item.startswith("LOT#"):
                members.add(row["member_id"])
                self._one_on("lot", before, after)
                self._effective[row["member_id"]][item] = after["effective_fen"]
            elif item == "STANDING":
                members.add(row["member_id"])
                self._standing[row["member_id"]] = after
                held.setdefault(row["member_id"], []).append(after)
            elif item.startswith("COUPON#"):
                self._coupon(before, after)
                if before is None and not item.startswith(TEMPLATE_COUPON):
                    issued.append(after)
            elif item == "ORDER":
                skus |= self._order(before, after)
            elif item in STOCK:
                moved.add(self.shelves.put(after))
                if item == "PRODUCT":
                    self._products[row["sku"]] = after
                    self.falls += before is not None and _is_low(after) and not _is_low(before)
            elif item == "SET_ASIDE":
                skus.add(self.shelves.put_aside(after))
            elif item.startswith("MOVEMENT#"):
                skus.add(row["sku"])
                self._moved[row["sku"]] += after["delta"]
                self._never_changed(before, after)
            elif item == "PAYMENT" or item.startswith(FOR_EVER):
                self._never_changed(before, after)
                if item.startswith("CHANGE#"):
                    kept.append(after)
            if "committed" in change:
                self.shelves.committed(moved)
                skus |= moved
                moved = set()
        for row in kept:
            self._check_moved_change(row)
        for coupon in issued:
            self._check_issue(coupon, held[coupon["member_id"]])
        for member in members:
            self._check_member(member)
        for sku in skus:
            self._check_stock(sku)
        self.offers.check()
        self.coupons.check(self.offers.now)

    @staticmethod
    def _never_changed(before: Json | None, after: Json) -> None:
        if before is not None and before != after:
            raise Violation("fact changed", f"{before} became {after}")

    def _check_moved_change(self, row: Json) -> None:
        """A change that an order's row keeps no longer stands in a row of its own, under its number."""
        left = self._moved_changes[row["order_id"]]
        number = int(row["item"].partition("#")[2])
        change = {name: value for name, value in row.items() if name not in ("order_id", "item")}
        if number >= len(left) or left[number] != change:
            raise Violation("change of an order lost", f"{row} is not what left the order: {left}")

    @staticmethod
    def _one_on(what: str, before: Json | None, after: Json, *, also: int = 1) -> None:
        was = before["version"] if before else 0
        if after["version"] - was not in (1, also):
            raise Violation("version skipped", f"{what} went from {was} to {after['version']}: {after}")

    def _entry(self, before: Json | None, after: Json) -> None:
        if before is not None:
            raise Violation("entry changed", f"{before} became {after}")
        member = after["member_id"]
        self._entries[member] += 1
        self._frozen[member] += after["frozen_delta"]
        self._debt[member] += after["debt_delta"]
        self._available[member].update(after["available_delta"])

    def _check_member(self, member: str) -> None:
        wallet = self._wallets.get(member)
        if wallet is None:
            raise Violation("entry without wallet", member)
        buckets = [
            wallet["frozen"],
            wallet["debt"],
            *wallet["available"].values(),
            *wallet["expired"].values(),
        ]
        if min(buckets) < 0:
            raise Violation("negative bucket", f"{wallet}")
        summed = {year: points for year, points in self._available[member].items() if points}
        stored = {year: points for year, points in wallet["available"].items() if points}
        sums = (self._frozen[member], summed, self._debt[member], self._entries[member])
        if sums != (wallet["frozen"], stored, wallet["debt"], wallet["entries"]):
            raise Violation("entries do not sum to the wallet", f"{member}: {sums} against {wallet}")
        standing = self._standing.get(member)
        effective = sum(self._effective[member].values())
        if standing is not None and standing["effective_fen"] != effective:
            raise Violation("E is not the sum over orders", f"{member}: {effective} against {standing}")

    def _coupon(self, before: Json | None, after: Json) -> None:
        if before is not None:
            for each in ("face_value_fen", "valid_from", "valid_until", "coupon_id"):
                if before[each] != after[each]:
                    raise Violation("coupon changed", f"{before} became {after}")
            if before["order_id"] and after["order_id"] and before["order_id"] != after["order_id"]:
                raise Violation("coupon used twice", f"{before} became {after}")

    @staticmethod
    def _check_issue(coupon: Json, held: list[Json]) -> None:
        """Check a coupon's month, and its face by a tier that its member held meanwhile (B1, B2)."""
        issued = calendar.store_time(datetime.fromisoformat(coupon["issued_at"]))
        window = calendar.coupon_window(issued.year, issued.month)
        told = tuple(datetime.fromisoformat(coupon[each]) for each in ("valid_from", "valid_until"))
        due = {
            tiers.benefits(standing["tier"])["birthday_coupon_fen"]
            for standing in held
            if coupon["item"] == f"COUPON#BIRTHDAY#{_year_due(standing, issued)}"
        }
        if told != window or coupon["face_value_fen"] not in due - {0}:
            raise Violation("coupon not due", f"{coupon}: {window}, {due}")

    def _order(self, before: Json | None, after: Json) -> set[str]:
        unseen = before is not None and before["status"] == "shipped" and after.get("received_at") is not None
        self._one_on("order", before, after, also=2 if unseen else 1)  # O3: it was received by itself
        if after["status"] not in NEXT_STATUS[before["status"] if before else None]:
            raise Violation("impossible transition", f"{before and before['status']} to {after['status']}")
        if before is None:
            self._check_prices(after)
        else:
            for each in ("quote", "member_id", "placed_at", "request", "terms", "redeemed_by_year"):
                if before.get(each) != after.get(each):
                    raise Violation("order changed", f"{each} of {after['order_id']}")
            moved = after.get("earlier_changes", 0) - before.get("earlier_changes", 0)
            had, has = before.get("changes", []), after.get("changes", [])
            if has[: len(had) - moved] != had[moved:]:
                raise Violation("change of an order lost", f"{after['order_id']}")
            if any(later["paid_fen"] > sooner["paid_fen"] for sooner, later in pairwise(has)):
                raise Violation("negative refund", f"{after}")
            self._moved_changes[after["order_id"]] += had[:moved]
        self._out.subtract(self._held.get(after["order_id"], Counter()))
        self._held[after["order_id"]] = Counter()
        skus = {line["sku"] for line in after["quote"]["lines"]}
        if after["status"] in OPEN:
            lines, held = after["quote"]["lines"], self._held[after["order_id"]]
            for line, stays in zip(lines, staying_of(after), strict=True):
                held[line["sku"]] += stays
        self._out.update(self._held[after["order_id"]])
        return skus

    def _check_prices(self, order: Json) -> None:
        """P1, P2, O7: an order is of products on sale and at the prices of the moment of its commit."""
        quote, placed_at = order["quote"], datetime.fromisoformat(order["placed_at"])
        flashes = {use["campaign_id"] for use in quote.get("line_offers", ()) if use["kind"] == "flash"}
        for line in quote["lines"]:
            of = price_of(line)
            flash = of if of in flashes else None
            offers = [each for each in self.shelves.offers(line["sku"], flash) if each["status"] == "on_sale"]
            if not offers:
                raise Violation("withdrawn product sold", f"{line}: {self._products[line['sku']]}")
            if of not in ("list", "member_day"):  # the price of a campaign, or a gift
                listed = {product["price_fen"] for product in offers}
                free = line.get("gift_of") is None or line["unit_price_fen"] == 0
                if line["list_price_fen"] not in listed or not free:
                    raise Violation("placed at another price", f"{line} while the product is {offers}")
                continue
            prices = [
                (
                    product["price_fen"],
                    pricing.unit_price_fen(
                        product["price_fen"],
                        product["member_zone"],
                        quote["tier"],
                        calendar.is_member_day(placed_at),
                        self.coupons.stands_alone(quote["coupon"]),
                    ),
                )
                for product in offers
            ]
            if (line["list_price_fen"], line["unit_price_fen"]) not in prices:
                raise Violation("placed at another price", f"{line} while the product is {offers}")

    def check_answers(self, outcomes: list[Outcome]) -> None:
        """Check what the answers of a step say of stock in several rows (Z1).

        Who was refused for want of stock wanted more than there was at some moment meanwhile; after a
        product's change was answered nobody buys at what was said before.

        Raises
        ------
        Violation
            There was enough all the time, or a row still goes by what was said before.
        """
        self.offers.check_told(outcomes)
        self.coupons.check_guesses(outcomes)
        changed = [outcome for outcome in outcomes if outcome.op.do == "put_product"]
        broken_off = {outcome.op["sku"] for outcome in changed if outcome.unknown}
        for sku in {outcome.op["sku"] for outcome in changed} - broken_off:
            self.shelves.check_offer(sku)
        for outcome in outcomes:
            answer = outcome.answer
            if answer is None or answer.status != 409 or answer.body["code"] != "insufficient_stock":
                continue
            if outcome.op.do == "put_campaign":
                continue  # as foretold, where nobody else is about
            for sku in answer.body["skus"]:
                op, least = outcome.op, self.shelves.least.get(sku, 0)
                units = op["units"][sku] if op.do == "order" else -op["delta"]
                if least >= units:
                    raise Violation("refused though there was enough", f"{op}: {least} of {sku}")

    def _check_stock(self, sku: str) -> None:
        held = self._out[sku]
        stock = self.shelves.of(sku) + self.offers.aside(sku)
        if stock != self._moved[sku] - held:
            raise Violation("stock not conserved", f"{sku}: {stock}, moved {self._moved[sku]}, held {held}")


def _year_due(standing: Json, at: datetime) -> str | None:
    """Return the year, by name, that a coupon of a month in store time counts for (B3, B6)."""
    told = standing.get("lunar_birthday")
    if told is None:
        return str(at.year) if standing["birth_month"] == at.month else None
    found = lunar.in_solar_month(told["month"], told["day"], told["leap"], at.date().replace(day=1))
    return None if found is None else f"l{found[0]}"
