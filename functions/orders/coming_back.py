"""What comes back when an order becomes another: units, limits, uses, coupon and points (O4, V11, V14).

Everything is told by the order before, the order after, and rows that are read for it. Units and limits are
counters, named by the partition of their home row, so that those of many orders can be summed up.
"""

from collections import Counter as Amounts
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.catalog import set_aside
from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.counters.counter import Counter, is_closed
from functions.coupons import coupons, held
from functions.domain import calendar
from functions.offers import campaign_rows, counting, uses
from functions.offers.counting import Figures
from functions.offers.kinds.flash import FlashTerms
from functions.offers.quotes import QuoteLine
from functions.orders.given import Given, figures, given
from functions.orders.order import CLOSED, Order, Status
from functions.platform.dynamo import Key, Row, Transaction
from functions.points import account_rows
from functions.tiers import members

WALLET = account_rows.WALLET
COUPON = "COUPON"
ENDS, FIGURES = "ends", "figures"
"""What the rows are called that are read, the last ones with their campaign."""


@dataclass(frozen=True, slots=True)
class Change:
    """An order that becomes another at a moment."""

    before: Order
    after: Order

    @property
    def closes(self) -> bool:
        """Whether it gives everything back (O2, O4, V11)."""
        return self.after.status in CLOSED and self.before.status not in CLOSED

    @property
    def restores_points(self) -> bool:
        """Whether redeemed points come back with the order's own transaction (E6)."""
        unshipped = self.after.status in (Status.CANCELLED, Status.LAPSED)
        return self.closes and unshipped and bool(self.before.redeemed_by_year) and not self.before.cancels

    @property
    def given(self) -> Mapping[str, Given]:
        """The campaigns that the order uses, with what they gave."""
        return given(self.before.quote)

    @property
    def flashed(self) -> Mapping[str, Mapping[str, int]]:
        """Units that go back to flash sales, with the member's allowance, by campaign and sku (V2).

        Those that come back after the receipt do neither.
        """
        if self.after.received_at is not None:
            return {}
        found: dict[str, dict[str, int]] = {}
        flashes = {name for name, each in self.given.items() if each.kind == FlashTerms.kind}
        for line, units in self._freed_lines():
            if line.price_of in flashes and line.price_of is not None:
                found.setdefault(line.price_of, {})[line.sku] = units
        return found

    def keys(self, catalog_table: str, members_table: str) -> Mapping[str, tuple[str, Key]]:
        """Return the rows that are read for it, each with its table, by a name."""
        member_id, coupon = self.before.member_id, self.before.quote.coupon
        found: dict[str, tuple[str, Key]] = {}
        if self.restores_points:
            found[WALLET] = members_table, members.key(member_id, WALLET)
        if self.closes and coupon is not None and coupon.template_id is not None:
            found[COUPON] = members_table, held.coupon_key(member_id, coupon.coupon_id)
        flashed = self.flashed
        if flashed or (self.closes and self.given):
            found[uses.USES] = members_table, uses.key(member_id)
        for campaign_id, units in flashed.items():
            found[f"{campaign_id}:{ENDS}"] = catalog_table, campaign_rows.key(campaign_id)
            for sku in units:
                counter = counter_of_units(catalog_table, sku, campaign_id)
                found[counter.name] = catalog_table, counter.home
        for campaign_id in self.given if self.closes else ():
            row = counting.figures_of(campaign_id, self.before.order_id)
            found[f"{campaign_id}:{FIGURES}"] = catalog_table, row
        return found

    def keys_of_limits(self, catalog_table: str) -> Mapping[str, tuple[str, Key]]:
        """Return the rows that are read once those of :meth:`keys` have been.

        A limit that is put in between changes the figures' row, which the order's transaction wants as it was
        read: so that of a limit which was read as not there is not there when the order closes.
        """
        counters = [counter for counter, _ in self._limits(catalog_table)]
        return {counter.name: (catalog_table, counter.home) for counter in counters}

    def _limits(self, table: str) -> Iterator[tuple[Counter, int]]:
        """Give the counters of limits, with what the whole order gives back to each that is open (V14)."""
        for campaign_id, each in self.given.items() if self.closes else ():
            yield counting.orders_counter(table, campaign_id), 1
            if each.given_fen:
                yield counting.budget_counter(table, campaign_id), each.given_fen

    def amounts(self, rows: Mapping[str, Row | None], at: datetime) -> Amounts[str]:
        """Return what goes back to each counter: units, and with the whole order its limits (V2, V14).

        Units of a flash sale that has ended go to the shelf. What is left of a limit is always the limit less
        what is used of it, so every use goes back to the limit that there is now, whenever it was put.
        """
        is_lost = self._is_lost
        back = Amounts() if is_lost else self._freed_skus()
        for campaign_id, of_skus in () if is_lost else self.flashed.items():
            for sku, units in of_skus.items():
                name = counter_of_units("", sku, campaign_id).name
                if set_aside.is_open(rows.get(name)) and _runs(rows.get(f"{campaign_id}:{ENDS}"), at):
                    back[sku] -= units
                    back[name] += units
        for counter, amount in self._limits(""):
            home = rows.get(counter.name)
            if home is not None and not is_closed(home, counter):
                back[counter.name] += amount
        return +back

    def offers_come_back(
        self,
        transaction: Transaction,
        rows: Mapping[str, Row | None],
        *,
        catalog_table: str,
        members_table: str,
        at: datetime,
    ) -> None:
        """Add what it changes of coupon, uses and figures of its campaigns."""
        if self.closes:
            self._coupon_comes_back(transaction, rows, members_table, at)
        flashed, orders = self.flashed, int(self.closes)
        last: set[str] = set()
        if uses.USES in rows:
            before = uses.uses_of(rows.get(uses.USES))
            after = before
            for campaign_id in self.given:
                after = after.given_back(campaign_id, flashed.get(campaign_id, {}), orders=orders)
                if before.orders_of(campaign_id) > after.orders_of(campaign_id) == 0:
                    last.add(campaign_id)
            if after is not before:
                row = uses.row_after(self.before.member_id, after)
                transaction.put_version(members_table, row, replaces=before.version)
        for campaign_id in self.given:
            difference = figures(self.after, campaign_id) - figures(self.before, campaign_id)
            difference += Figures(members=-int(campaign_id in last))
            # A limit that is put meanwhile begins with what is used, of which this order was a part.
            row = rows.get(f"{campaign_id}:{FIGURES}") or {}
            since = row.get(counting.SINCE, 0) if self.closes else None
            counting.count(
                transaction, catalog_table, campaign_id, self.before.order_id, difference, since=since
            )

    def _coupon_comes_back(
        self, transaction: Transaction, rows: Mapping[str, Row | None], table: str, at: datetime
    ) -> None:
        coupon, member_id, order_id = self.before.quote.coupon, self.before.member_id, self.before.order_id
        if coupon is None:
            return
        if coupon.template_id is None:
            coupons.give_back(
                transaction, table, member_id=member_id, coupon_id=coupon.coupon_id, order_id=order_id
            )
            return
        row = rows.get(COUPON)
        if row is None:
            raise LookupError(f"order {order_id} uses a coupon that is not there")
        held.give_back(
            transaction, table, member_id=member_id, ref=held.ref_of(row), order_id=order_id, at=at
        )

    @property
    def lost(self) -> Mapping[str, int]:
        """Units that leave the order and do not come back to the shop, by sku (A4)."""
        return self._freed_skus() if self._is_lost else {}

    @property
    def _is_lost(self) -> bool:
        """Whether what leaves the order was lost: of one change all is, or nothing."""
        return sum(self.after.lost) > sum(self.before.lost)

    def _freed_skus(self) -> Amounts[str]:
        """Return the units of each sku that leave the member: what they held of each line (A7)."""
        found: Amounts[str] = Amounts()
        for line, units in self._freed_lines():
            found[line.sku] += units
            after = self.after.exchanged.get(line.line_id, {}) if self.after.status not in CLOSED else {}
            for sku, count in self.before.exchanged.get(line.line_id, {}).items():
                gone = count - after.get(sku, 0)
                found[sku] += gone
                found[line.sku] -= gone
        return +found

    def _freed_lines(self) -> Iterator[tuple[QuoteLine, int]]:
        for line, had, has in zip(
            self.before.quote.lines, self.before.staying, self.after.staying, strict=True
        ):
            if had > has:
                yield line, had - has


def _runs(campaign: Row | None, at: datetime) -> bool:
    return campaign is not None and at < calendar.from_row(campaign["ends_at"])


def counter_named(table: str, name: str) -> Counter:
    """Return the counter whose home row is in this partition."""
    return (
        set_aside.counter_named(table, name) or counting.counter_named(table, name) or counter_of(table, name)
    )
