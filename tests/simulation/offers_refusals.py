"""How what staff say of offers, and what members ask of coupons, must end that meets nobody and no fault.

Where several things stand against it, it may be refused for any of them; where nothing does, it is done.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from functions.coupons import codes
from tests.simulation.foretold import Foretold
from tests.simulation.offers_coupons import GUESSES_WITHIN
from tests.simulation.offers_rows import has_ended, moment, window_of
from tests.simulation.script import Op, Violation
from tests.simulation.watch import Watch
from tests.simulation.world import (
    GROUPS_MAX,
    GUESSES_MAX,
    HELD_MAX,
    ORDER_OFFERS_MAX,
    OVERLAP_MAX,
    Outcome,
    World,
)

Json = dict[str, Any]


class OfferRefusal(Foretold):
    """The codes with which one of these may be refused; none, and it is done."""

    def __init__(self, op: Op, world: World, watch: Watch, *, new: bool) -> None:
        super().__init__(op, world, watch)
        self.certain = new or op.do in ("enter_code", "put_campaign", "put_template")
        self._world = world
        self._codes = set(self._against(self._began))

    def compare(self, outcome: Outcome) -> None:
        """Compare with what was answered."""
        answer = outcome.answer
        if answer is None:
            raise Violation("no answer", f"{self._op}")
        found = None if answer.status < 300 else answer.body["code"]
        if outcome.ended.replace(microsecond=0) > self._began:
            return  # it may have been looked at in another second
        if found not in (self._codes or (None,)):
            raise Violation("not as foretold", f"{self._op}: expected {self._codes}, found {found}")
        if found is None and self._op.do in ("claim", "enter_code", "issue"):
            self._check_coupon(answer.body)

    def _check_coupon(self, body: Json) -> None:
        """V9: the coupon is as its template says now, unless it was got before."""
        row = self._watch.coupons.coupons.get(body["coupon_id"])
        assert row is not None
        version = self._watch.coupons.versions[row["template_id"], row["template_version"]]
        expected = (*window_of(version, moment(row["issued_at"])), version["min_fen"], version["exclusive"])
        found = (
            *(moment(body[name]) for name in ("valid_from", "valid_until")),
            body["min_goods_fen"],
            body["exclusive"],
        )
        if found != expected:
            raise Violation("coupon shown otherwise", f"{body}: {expected}")

    def _against(self, now: datetime) -> Iterator[str]:
        match self._op.do:
            case "put_campaign":
                yield from self._against_campaign(now)
            case "put_template":
                yield from self._against_template()
            case "make_codes":
                yield from self._against_codes(now)
            case "claim":
                yield from self._against_claim(now)
            case "enter_code":
                yield from self._against_code(now)
            case "issue":
                yield from self._against_issue(now)

    # Campaigns

    def _against_campaign(self, now: datetime) -> Iterator[str]:
        offers, campaign_id, body = self._watch.offers, self._op["campaign"], self._op["body"]
        before = offers.current(campaign_id) if campaign_id in offers.history else None
        items = body["terms"].get("items", {})
        named = {*body.get("scope", {}).get("skus", []), *items}
        if body["kind"] == "gift":
            named.add(body["terms"]["sku"])
        products = {row["sku"] for row in self._cloud.rows("Catalog") if row["item"] == "PRODUCT"}
        if not named <= products:
            yield "unknown_sku"
        if before is not None and says_the_same(body, before):
            return
        ends_at = moment(body["ends_at"])
        if before is None and ends_at <= now:
            yield "invalid_request"
        if before is not None and before["kind"] != body["kind"]:
            yield "campaign_kind_fixed"
        if before is not None and moment(before["ends_at"]) <= now:
            yield "campaign_ended"
        if self._too_many(campaign_id, body):
            yield "too_many_campaigns"
        if body["kind"] == "flash" and (before is None or before["kind"] == "flash"):
            yield from self._against_units(campaign_id, before, items)
        yield from self._against_limits(campaign_id, before, body.get("limits") or {})

    def _too_many(self, campaign_id: str, body: Json) -> bool:
        directory = self._cloud.row("Catalog", sku="campaigns", item="DIRECTORY")
        others = dict(directory["campaigns"] if directory else {})
        others.pop(campaign_id, None)
        begins, ends = moment(body["starts_at"]), moment(body["ends_at"])
        is_order_offer = body["kind"] in ("spend_save", "gift")
        group = (body.get("group") or body["kind"]) if is_order_offer else None
        for at in (begins, *(moment(each["starts_at"]) for each in others.values())):
            if not begins <= at < ends:
                continue
            beside = [
                each["group"]
                for each in others.values()
                if moment(each["starts_at"]) <= at < moment(each["ends_at"])
            ]
            groups = [each for each in (*beside, group) if each is not None]
            if len(beside) >= OVERLAP_MAX or len(groups) > ORDER_OFFERS_MAX or len(set(groups)) > GROUPS_MAX:
                return True
        return False

    def _against_units(self, campaign_id: str, before: Json | None, items: Json) -> Iterator[str]:
        """V2: the shelf has what is set aside more, and nothing is put back that is sold."""
        had = {} if before is None else before["terms"]["items"]
        for sku in {*had, *items}:
            old, new = (each[sku]["units"] if sku in each else 0 for each in (had, items))
            left = self._watch.offers.amount(f"aside:{campaign_id}:{sku}") or 0
            if new > old and self._world.stock_of(sku) < new - old:
                yield "insufficient_stock"
            if new < old and (left < old - new or (sku not in items and left != old)):
                yield "units_in_use"

    def _against_limits(self, campaign_id: str, before: Json | None, limits: Json) -> Iterator[str]:
        parts = self._watch.offers.parts[campaign_id].values()
        used = {
            "orders": sum(part.is_open for part in parts),
            "budget_fen": sum(part.given_fen for part in parts if part.is_open),
        }
        for name, count in used.items():
            if before is not None and before["limits"][name] == limits.get(name):
                continue
            if limits.get(name) is not None and limits[name] < count:
                yield "limit_in_use"

    # Templates and codes

    def _against_template(self) -> Iterator[str]:
        template = self._watch.coupons.templates.get(self._op["template"])
        if template is None:
            return
        body = self._op["body"]
        total = (body.get("limits") or {}).get("total")
        if template["kind"] != body["kind"]:
            yield "template_kind_fixed"
        if total is not None and total != template["total"] and total < self._claimed(self._op["template"]):
            yield "limit_in_use"

    def _claimed(self, template_id: str) -> int:
        coupons = self._watch.coupons.coupons.values()
        return sum(row["way"] == "claim" and row["template_id"] == template_id for row in coupons)

    def _against_codes(self, now: datetime) -> Iterator[str]:
        template = self._watch.coupons.templates.get(self._op["template"])
        if template is None:
            yield "template_not_found"
            return
        if has_ended(template, now):
            yield "template_ended"
        code = self._op["told"].get("code")
        if code is not None and codes.normal(code) in self._watch.coupons.codes:
            yield "code_taken"

    def _against_claim(self, now: datetime) -> Iterator[str]:
        template_id, member = self._op["template"], self._op["member"]
        yield from self._of_member(member, now)
        template = self._watch.coupons.templates.get(template_id)
        if template is None:
            yield "template_not_found"
            return
        yield from self._gives(template, now)
        if not template["claimable"]:
            yield "template_not_claimable"
        if not self._is_for(template, member):
            yield "not_eligible"
        theirs = [row for row in self._theirs(member) if row["template_id"] == template_id]
        claims = sum(row["way"] == "claim" for row in theirs)
        if template["per_member"] is not None and claims >= template["per_member"]:
            yield "already_claimed"
        if template["total"] is not None and self._claimed(template_id) >= template["total"]:
            yield "template_exhausted"

    def _against_issue(self, now: datetime) -> Iterator[str]:
        if self._standing(self._op["member"]) is None:
            yield "member_not_found"
        template = self._watch.coupons.templates.get(self._op["template"])
        if template is None:
            yield "template_not_found"
            return
        yield from self._gives(template, now)
        if self._is_full(self._op["member"], now):
            yield "too_many_coupons"

    def _against_code(self, now: datetime) -> Iterator[str]:
        """V10: a code is looked at unless there were too many guesses, and a wrong one is not told apart."""
        member, code = self._op["member"], codes.normal(self._op["code"]) or ""
        if any(row.get("code") == code for row in self._theirs(member)):
            return
        if self._standing(member) is None:
            yield "not_registered"
            return
        row = self._cloud.row("Members", member_id=member, item="ATTEMPTS")
        guesses = [] if row is None else row["guesses"]
        if sum(now < moment(at) + GUESSES_WITHIN for at, _ in guesses) >= GUESSES_MAX:
            yield "too_many_attempts"
            return
        template = self._template_of(code, now)
        if template is None:
            yield "code_not_valid"
            return
        if not self._is_for(template, member):
            yield "not_eligible"
        if self._is_full(member, now):
            yield "too_many_coupons"

    def _template_of(self, code: str, now: datetime) -> Json | None:
        """Return the template of which a code gives a coupon now."""
        coupons = self._watch.coupons
        row = coupons.codes.get(code)
        if row is None or "used_by" in row:
            return None
        if not row["unique"] and not self._watch.offers.amount(f"code:{code}:uses"):
            return None
        template = coupons.templates[row["template_id"]]
        return None if any(self._gives(template, now)) else template

    def _gives(self, template: Json, now: datetime) -> Iterator[str]:
        if has_ended(template, now):
            yield "template_ended"
        if template["status"] != "active":
            yield "template_paused"

    def _of_member(self, member: str, now: datetime) -> Iterator[str]:
        if self._standing(member) is None:
            yield "not_registered"
        if self._is_full(member, now):
            yield "too_many_coupons"

    def _standing(self, member: str) -> Json | None:
        return self._cloud.row("Members", member_id=member, item="STANDING")

    def _is_for(self, template: Json, member: str) -> bool:
        standing = self._standing(member)
        return standing is None or template["tiers"] is None or standing["tier"] in template["tiers"]

    def _theirs(self, member: str) -> list[Json]:
        coupons = self._watch.coupons.coupons.values()
        return [row for row in coupons if row["member_id"] == member]

    def _is_full(self, member: str, now: datetime) -> bool:
        unused = [row for row in self._theirs(member) if not row["order_id"]]
        return sum(now <= moment(row["valid_until"]) for row in unused) >= HELD_MAX


def says_the_same(body: Json, row: Json) -> bool:
    """Tell whether a campaign is just so already: then a put of it changes nothing."""
    is_order_offer = row["kind"] in ("spend_save", "gift")
    limits = body.get("limits") or {}
    scope = body.get("scope", {})
    terms = dict(body["terms"])
    if row["kind"] == "spend_save":
        terms = {"repeat": False, "max_off_fen": None, **terms}
    skus = sorted(terms["items"]) if row["kind"] == "flash" else scope.get("skus") and sorted(scope["skus"])
    said = (
        body["kind"],
        body["name"],
        moment(body["starts_at"]),
        moment(body["ends_at"]),
        body["status"],
        terms,
        skus,
        scope.get("zone", False),
        scope.get("all", False),
        sorted(body.get("except_skus", [])),
        body.get("tiers") and sorted(body["tiers"]),
        (body.get("group") or body["kind"]) if is_order_offer else None,
        *(body.get(name, True) is not False for name in ("stacks", "with_coupons", "with_points")),
        {name: limits.get(name) for name in ("orders", "per_member", "budget_fen")},
    )
    stands = (
        row["kind"],
        row["name"],
        moment(row["starts_at"]),
        moment(row["ends_at"]),
        row["status"],
        row["terms"],
        row["scope"]["skus"],
        row["scope"]["zone"],
        row["scope"]["everything"],
        row["scope"]["except_skus"],
        row["tiers"],
        row["group"],
        *(row[name] for name in ("stacks", "with_coupons", "with_points")),
        row["limits"],
    )
    return said == stands
