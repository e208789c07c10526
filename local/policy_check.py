"""What a changed policy would change: its fields, each tier's rights, and what a sample of carts costs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from functions.catalog.products import Product
from functions.coupons.birthday import Coupon
from functions.coupons.eligibility import birthday_coupon
from functions.domain import policy as policies
from functions.domain import policy_check
from functions.domain.birthdays import Kept
from functions.domain.policy import Policy, PolicyError
from functions.offers.pricing import price
from functions.offers.quotes import Cart, CartLine, Quote, Shopper
from local.errors import LocalError

EXAMPLES_SHOWN = 8
UNITS_HELD = 1_000_000
PRICES_FEN = (99, 3_200, 9_950, 16_800, 19_800, 64_900)


@dataclass(frozen=True)
class Sample:
    """One shopper with one cart at one moment."""

    tier: str
    at: datetime
    price_fen: int
    zone: bool
    offers: bool

    def quote(self, policy: Policy) -> Quote:
        """Price the cart, with the best of the member's coupon and points if it asks for offers."""
        product = Product(
            sku="sample", name="sample", price_fen=self.price_fen, member_zone=self.zone, stock=1
        )
        choice: Any = "best" if self.offers else 0
        cart = Cart(
            lines=(CartLine(sku="sample", quantity=1),),
            coupon="best" if self.offers else "none",
            points=choice,
        )
        shopper = Shopper(tier=self.tier, at=self.at, coupon=self._coupon(policy), points=UNITS_HELD)
        return price(cart, {"sample": product}, shopper, policy)

    def _coupon(self, policy: Policy) -> Coupon | None:
        birthday = Kept(solar_month=self.at.astimezone(policy.zone).month)
        return birthday_coupon(policy, member_id="sample", tier=self.tier, birthday=birthday, at=self.at)

    def described(self) -> dict[str, Any]:
        """Say who buys what, when."""
        return {
            "tier": self.tier,
            "at": self.at.isoformat(timespec="seconds"),
            "list_price_fen": self.price_fen,
            "member_zone": self.zone,
            "offers": "best" if self.offers else "none",
        }


def check(file: Path) -> dict[str, Any]:
    """Validate a policy file and compare it with the one in force.

    Returns
    -------
    dict
        ``version`` before and after; ``changed`` fields; ``quotes``: how many of the sample change, by how
        much at most, and examples.

    Raises
    ------
    LocalError
        The file breaks the policy's model; the message names each field.
    """
    before = policies.load()
    try:
        after = policies.load(file)
    except PolicyError as error:
        raise LocalError(str(error)) from error
    return {
        "valid": True,
        "version": {"before": before.version, "after": after.version},
        "changed": [
            {"field": each.setting, "before": each.before, "after": each.after}
            for each in policy_check.changes(before, after)
        ],
        "quotes": _changed_quotes(before, after),
    }


def shown(value: dict[str, Any]) -> str:
    """The comparison, for people."""
    version, quotes = value["version"], value["quotes"]
    lines = [f"valid; policy {version['before']} would become {version['after']}"]
    if version["before"] == version["after"]:
        return "valid; nothing would change"
    lines += [f"  {each['field']}: {each['before']} -> {each['after']}" for each in value["changed"]]
    lines.append(
        f"{quotes['changed']} of {quotes['sampled']} sample quotes change, "
        f"by {quotes['least_fen']:+} to {quotes['most_fen']:+} fen"
    )
    for example in quotes["examples"]:
        where = "zone product" if example["member_zone"] else "product"
        lines.append(
            f"  {example['tier']} {example['at'][:10]} {where} of {example['list_price_fen']} fen, "
            f"offers {example['offers']}: {example['before_paid_fen']} -> {example['after_paid_fen']} fen"
        )
    return "\n".join(lines)


def _samples(before: Policy, after: Policy) -> Iterator[Sample]:
    """Every combination of a tier that both have, a day of a month, a price, and what is asked for."""
    codes = {tier.code for tier in before.tiers} & {tier.code for tier in after.tiers}
    first = datetime(2026, 1, 1, 12, tzinfo=before.zone).astimezone(UTC)
    days = sorted({1, before.member_day.day, after.member_day.day})
    for tier, day, price_fen, zone, offers in itertools.product(
        sorted(codes), days, PRICES_FEN, (False, True), (False, True)
    ):
        yield Sample(tier, first + timedelta(days=day - 1), price_fen, zone, offers)


def _changed_quotes(before: Policy, after: Policy) -> dict[str, Any]:
    sampled = 0
    changes: list[dict[str, Any]] = []
    for sample in _samples(before, after):
        sampled += 1
        old, new = sample.quote(before), sample.quote(after)
        if (old.paid_fen, old.earns_points) != (new.paid_fen, new.earns_points):
            changes.append(
                {
                    **sample.described(),
                    "before_paid_fen": old.paid_fen,
                    "after_paid_fen": new.paid_fen,
                    "before_earns_points": old.earns_points,
                    "after_earns_points": new.earns_points,
                }
            )
    differences = [change["after_paid_fen"] - change["before_paid_fen"] for change in changes] or [0]
    step = max(1, len(changes) // EXAMPLES_SHOWN)
    return {
        "sampled": sampled,
        "changed": len(changes),
        "least_fen": min(differences),
        "most_fen": max(differences),
        "examples": changes[::step][:EXAMPLES_SHOWN],
    }
