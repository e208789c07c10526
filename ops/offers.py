"""What is counted of campaigns and coupons, held against the orders and each other (V2, V10, V11, V14)."""

from __future__ import annotations

from collections import Counter as Amounts
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby, islice

from functions.catalog.set_aside import counter_of_units, is_open
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import Counter, Spread, is_closed
from functions.coupons import held
from functions.coupons.code_rows import CODE, batch_key, code_key, uses_counter
from functions.coupons.template_rows import TEMPLATE, claims_counter
from functions.coupons.template_store import CAPACITY
from functions.domain import calendar
from functions.domain.identifiers import code_coupon_id
from functions.offers import counting, uses
from functions.offers.campaign_rows import CAMPAIGN, campaign_of
from functions.offers.campaigns import Campaign
from functions.offers.counting import FIGURE_NAMES
from functions.offers.kinds.flash import FlashTerms
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Row, Tables
from ops.recount import OfCampaign, OfMember, Recounted, pages, recount

LOOKS = 3
"""How often everything is counted before what differed each time is called a difference: orders go on."""
DIFFERENCES_MAX = 1_000
READ_SECONDS = 120.0
CODES_AT_ONCE = 100
_OF_A_MEMBER = (
    "member_id",
    "item",
    "version",
    "campaigns",
    "coupons",
    "claims",
    "coupon_id",
    "template_id",
    "valid_until",
    "order_id",
    "way",
    "code",
)


@dataclass(frozen=True, kw_only=True, order=True)
class Difference:
    """What is counted of something, which the orders or coupons do not bear out."""

    what: str
    of: str
    expected: int | str
    found: int | str

    @property
    def key(self) -> tuple[str, str, int | str]:
        """What stays the same of it while orders go on: of figures, by how much they are wrong."""
        if isinstance(self.expected, int) and isinstance(self.found, int):
            return self.what, self.of, self.found - self.expected
        return self.what, self.of, self.found


@dataclass(frozen=True, kw_only=True)
class Names:
    """What the tables are called."""

    catalog: str
    members: str
    orders: str


def differences(tables: Tables, names: Names, now: datetime) -> list[Difference]:
    """Return what differs at every look, as the last one saw it; no more than so many."""
    last: list[Difference] = []
    always: set[tuple[str, str, int | str]] | None = None
    for _ in range(LOOKS):
        last = list(islice(_Look(tables, names, now).differences(), DIFFERENCES_MAX))
        seen = {each.key for each in last}
        always = seen if always is None else always & seen
        if not always:
            return []
    return sorted((each for each in last if each.key in (always or ())), key=str)


@dataclass(slots=True)
class _Look:
    """One look at everything."""

    tables: Tables
    names: Names
    now: datetime
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    claims: Amounts[str] = field(default_factory=Amounts)
    """Coupons that were claimed, by template."""
    shared: Amounts[str] = field(default_factory=Amounts)
    """Coupons that were got for codes that many share, by code."""

    def differences(self) -> Iterator[Difference]:
        """Give what differs."""
        self.campaigns = {each.campaign_id: each for each in self._campaigns()}
        counted: dict[str, OfCampaign] | None = None
        has_had: Amounts[str] = Amounts()
        after: str | None = ""
        while after is not None:
            found = recount(self.tables, self.names.orders, after=after)
            counted = found.campaigns if counted is None else counted
            for member in found.window.members.values():
                has_had.update(campaign_id for campaign_id, orders in member.orders.items() if orders)
            yield from self._members(found)
            after = found.window.upto
        for campaign_id in sorted({*self.campaigns, *(counted or {})}):
            of = (counted or {}).get(campaign_id, OfCampaign())
            of.members = has_had[campaign_id]
            yield from self._campaign(campaign_id, of)
        yield from self._templates_and_codes()

    def _campaigns(self) -> Iterator[Campaign]:
        rows = pages(self.tables, self.names.catalog, ("sku", "item"))
        of_campaigns = (row for row in rows if row["item"] == CAMPAIGN)
        while keys := list(islice(of_campaigns, CODES_AT_ONCE)):
            yield from (campaign_of(row) for row in self._rows(self.names.catalog, keys) if row is not None)

    def _rows(self, table: str, keys: list[Row]) -> list[Row | None]:
        asked: list[tuple[str, Key]] = [(table, key) for key in keys]
        return self.tables.batch_get(asked, Deadline(READ_SECONDS))

    def _campaign(self, campaign_id: str, of: OfCampaign) -> Iterator[Difference]:
        catalog, campaign = self.names.catalog, self.campaigns.get(campaign_id)
        figures = counting.figures(self.tables, catalog, campaign_id, Deadline(READ_SECONDS))
        for name in FIGURE_NAMES:
            expected = of.members if name == "members" else getattr(of.figures, name)
            if name != "members" or (campaign is not None and not self._is_long_over(campaign_id)):
                yield from _differ(f"figure {name}", campaign_id, expected, getattr(figures, name))
        if campaign is None:
            yield Difference(what="campaign", of=campaign_id, expected="a row", found="none")
            return
        limits = (
            ("orders", counting.orders_counter, campaign.limits.orders, of.figures.orders),
            ("budget_fen", counting.budget_counter, campaign.limits.budget_fen, of.figures.given_fen),
        )
        for name, counter_of, limit, used in limits:
            yield from self._counter(
                f"limit {name}", campaign_id, counter_of(catalog, campaign_id), limit, used
            )
        if isinstance(campaign.terms, FlashTerms):
            for sku, item in campaign.terms.items.items():
                yield from self._units(campaign, sku, item.units, of.units[sku])

    def _units(self, campaign: Campaign, sku: str, total: int, taken: int) -> Iterator[Difference]:
        """What is left and what was taken are the total; after the end what comes back goes to the shelf."""
        counted, of = counter_of_units(self.names.catalog, sku, campaign.campaign_id), campaign.campaign_id
        rows = rows_ever(self.tables, counted, Deadline(READ_SECONDS))
        if not is_open(rows[0]):
            return
        yield from _faults("flash units", f"{of} {sku}", counted, rows)
        found = _amount(counted, rows) + taken
        if found > total or self.now < campaign.ends_at:
            yield from _differ("flash units", f"{of} {sku}", total, found)

    def _counter(
        self, what: str, of: str, counted: Counter, limit: int | None, used: int
    ) -> Iterator[Difference]:
        """What is left of a limit and what is used of it are the limit (V14)."""
        rows = rows_ever(self.tables, counted, Deadline(READ_SECONDS))
        is_counted = rows[0] is not None and not is_closed(rows[0], counted)
        if limit is not None and is_counted:
            yield from _faults(what, of, counted, rows)
            yield from _differ(what, of, limit, _amount(counted, rows) + used)
        elif is_counted or limit is not None:
            found = "a counter" if is_counted else "no counter"
            yield Difference(what=what, of=of, expected="none" if limit is None else str(limit), found=found)

    def _members(self, found: Recounted) -> Iterator[Difference]:
        """Hold the rows of each member of a window against what their orders use."""
        first = not found.window.after
        rows = pages(self.tables, self.names.members, _OF_A_MEMBER)
        for member_id, own in groupby(rows, lambda row: row["member_id"]):
            kept = [row for row in own if _is_of_offers(row)]
            if found.window.has(member_id):
                of = found.window.members.pop(member_id, OfMember())
                yield from self._member(member_id, kept, of)
            if first:
                yield from self._got(member_id, kept)
        for member_id, of in found.window.members.items():
            yield from self._member(member_id, [], of)

    def _member(self, member_id: str, rows: list[Row], of: OfMember) -> Iterator[Difference]:
        by_item = {row["item"]: row for row in rows}
        yield from self._uses(member_id, by_item.get(uses.USES), of)
        coupons = {row["coupon_id"]: row for row in rows if row["item"].startswith(held.OF_TEMPLATE)}
        for coupon_id in sorted({*coupons, *of.coupons}):
            row = coupons.get(coupon_id)
            used_by = "no coupon" if row is None else (held.order_of(row) or "no order")
            if used_by != of.coupons.get(coupon_id, "no order"):
                yield Difference(
                    what="coupon is used by",
                    of=f"{member_id} {coupon_id}",
                    expected=of.coupons.get(coupon_id, "no order"),
                    found=used_by,
                )
        yield from self._held(member_id, by_item.get(held.HELD), coupons)

    def _uses(self, member_id: str, row: Row | None, of: OfMember) -> Iterator[Difference]:
        known = uses.uses_of(row)
        for campaign_id in sorted({*known.of, *of.orders}):
            if campaign_id not in known.of and self._is_long_over(campaign_id):
                continue
            whose, units = f"{member_id} {campaign_id}", known.units_of(campaign_id)
            yield from _differ("uses orders", whose, of.orders[campaign_id], known.orders_of(campaign_id))
            had = of.units.get(campaign_id, Amounts[str]())
            for sku in sorted({*units, *had}):
                yield from _differ("uses units", f"{whose} {sku}", had[sku], units.get(sku, 0))

    def _held(self, member_id: str, row: Row | None, coupons: Mapping[str, Row]) -> Iterator[Difference]:
        """What a member has is their coupons that no order uses, of which those that ended may be gone."""
        has = held.held_of(row)
        unused = {
            name: calendar.from_row(each["valid_until"])
            for name, each in coupons.items()
            if held.order_of(each) is None
        }
        missing = {name for name, until in unused.items() if self.now <= until} - has.coupons.keys()
        for coupon_id in sorted(missing):
            yield Difference(what="held", of=f"{member_id} {coupon_id}", expected="held", found="not held")
        for coupon_id in sorted(has.coupons.keys() - unused.keys()):
            yield Difference(what="held", of=f"{member_id} {coupon_id}", expected="not held", found="held")
        claimed = Amounts(each["template_id"] for each in coupons.values() if each["way"] == "claim")
        for template_id in sorted({*claimed, *has.claims}):
            yield from _differ(
                "claims of a member",
                f"{member_id} {template_id}",
                claimed[template_id],
                has.claims.get(template_id, 0),
            )

    def _got(self, member_id: str, rows: list[Row]) -> Iterator[Difference]:
        """Count how a member got their coupons, and hold those of unique codes against the codes."""
        got = [row for row in rows if row["item"].startswith(held.OF_TEMPLATE)]
        self.claims.update(row["template_id"] for row in got if row["way"] == "claim")
        by_code = [row["code"] for row in got if row["way"] == "code"]
        codes = self._rows(self.names.catalog, [code_key(code) for code in by_code]) if by_code else []
        for code, row in zip(by_code, codes, strict=True):
            if row is not None and not row["unique"]:
                self.shared[code] += 1
            elif row is None or row.get("used_by") != member_id:
                found = "no code" if row is None else str(row.get("used_by", "nobody"))
                yield Difference(what="code is used by", of=code, expected=member_id, found=found)

    def _templates_and_codes(self) -> Iterator[Difference]:
        keys = pages(self.tables, self.names.catalog, ("sku", "item"))
        wanted = (row for row in keys if row["item"] in (TEMPLATE, CODE))
        while part := list(islice(wanted, CODES_AT_ONCE)):
            rows = [row for row in self._rows(self.names.catalog, part) if row is not None]
            for row in rows:
                of = str(row["sku"]).partition(":")[2]
                if row["item"] == TEMPLATE:
                    counted = claims_counter(self.names.catalog, of)
                    yield from self._left("claims", of, counted, None, self.claims[of])
                elif not row["unique"]:
                    batch = self.tables.get(
                        self.names.catalog, batch_key(row["template_id"], row["batch_id"])
                    )
                    limit = None if batch is None else batch["limit"]
                    counted = uses_counter(self.names.catalog, of)
                    yield from self._left("uses of a code", of, counted, limit or 0, self.shared[of])
            yield from self._used([row for row in rows if "used_by" in row])

    def _left(
        self, what: str, of: str, counted: Counter, limit: int | None, used: int
    ) -> Iterator[Difference]:
        rows = rows_ever(self.tables, counted, Deadline(READ_SECONDS))
        yield from _faults(what, of, counted, rows)
        if rows[0] is not None:
            total = rows[0][CAPACITY] if limit is None else limit
            yield from _differ(what, of, total, _amount(counted, rows) + used)

    def _used(self, codes: list[Row]) -> Iterator[Difference]:
        """Hold unique codes that are used against the coupons that were got for them."""
        said = [(str(row["sku"]).partition(":")[2], str(row["used_by"])) for row in codes]
        keys: list[Row] = [held.coupon_key(member, code_coupon_id(member, code)) for code, member in said]
        for (code, member), row in zip(
            said, self._rows(self.names.members, keys) if keys else [], strict=True
        ):
            if row is None:
                yield Difference(what="coupon of a code", of=code, expected=f"{member}'s", found="none")

    def _is_long_over(self, campaign_id: str) -> bool:
        """Tell whether a campaign ended so long ago that members' uses of it need not be known any more."""
        campaign = self.campaigns.get(campaign_id)
        return campaign is not None and self.now >= campaign.ends_at + uses.KEPT_AFTER_END


def _is_of_offers(row: Row) -> bool:
    return row["item"] in (uses.USES, held.HELD) or row["item"].startswith(held.OF_TEMPLATE)


def _amount(counted: Counter, rows: list[Row | None]) -> int:
    """Return what lies in the rows of a counter that are open."""
    spread = Spread.of(rows[0] or {})
    return sum(row.get(counted.amount, 0) for row in rows[: spread.rows] if row is not None)


def _faults(what: str, of: str, counted: Counter, rows: list[Row | None]) -> Iterator[Difference]:
    for fault in faults(counted, rows):
        yield Difference(what=f"rows of {what}", of=of, expected="rows that fit together", found=fault)


def _differ(what: str, of: str, expected: int, found: int) -> Iterator[Difference]:
    if expected != found:
        yield Difference(what=what, of=of, expected=expected, found=found)
