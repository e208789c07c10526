"""What must hold whenever nothing is under way, from the API's answers and the demo's own cash book.

The arithmetic is the demo's own; of the suite it takes the policy's figures alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy
from local.demo import cases_checks, money_checks, sale_checks
from local.demo.acts import Json
from local.demo.books import Account, Books, Member
from local.demo.sale_checks import CLOSED

BALANCES = ("available", "frozen", "debt")
Find = Callable[[Books, Policy], Iterator[str]]
"""Gives what does not hold, each in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A check, the rules that it is about, and what it found wrong."""

    says: str
    rules: str
    wrong: tuple[str, ...]


def examine(books: Books, policy: Policy) -> list[Outcome]:
    """Make all checks that these books can answer."""
    return [
        Outcome(says=says, rules=rules, wrong=tuple(find(books, policy)))
        for says, rules, find in CHECKS
        if books.audited or find not in NEED_AN_AUDIT
    ]


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _earned(paid_fen: int, policy: Policy) -> int:
    return _half_up(paid_fen * policy.points.earned_per_yuan, FEN_PER_YUAN)


def _wallets_are_sums_of_entries(books: Books, _policy: Policy) -> Iterator[str]:
    for name, member in books.members.items():
        for balance in BALANCES:
            summed = sum(entry[f"{balance}_delta"] for entry in member.entries)
            held = getattr(member.account, balance)
            if summed != held:
                yield f"{name} holds {held} points {balance}, but the ledger's entries sum to {summed}"


def _years_are_sums_of_entries(books: Books, policy: Policy) -> Iterator[str]:
    for name, member in books.members.items():
        summed: Counter[str] = Counter()
        for entry in member.entries:
            summed.update(entry["available_by_year_delta"])
        expected = {
            f"{int(year) + policy.points.valid_years}-12-31": points
            for year, points in summed.items()
            if points
        }
        if expected != dict(member.account.by_expiry):
            yield f"{name} holds {dict(member.account.by_expiry)} by expiry, the entries say {expected}"


def _balances_follow_from_each_other(books: Books, _policy: Policy) -> Iterator[str]:
    """Entries are listed by their time, which need not be the order of posting: so all are taken together."""
    for name, member in books.members.items():
        account = member.account
        begins = Counter(
            tuple(entry[balance] - entry[f"{balance}_delta"] for balance in BALANCES)
            for entry in member.entries
        )
        ends = Counter(tuple(entry[balance] for balance in BALANCES) for entry in member.entries)
        begins[tuple(getattr(account, balance) for balance in BALANCES)] += 1
        ends[0, 0, 0] += 1
        for balances in (begins - ends) + (ends - begins):
            yield f"{name}: no entry of the ledger follows from {balances} {' and '.join(BALANCES)}"


def _no_points_are_negative(books: Books, _policy: Policy) -> Iterator[str]:
    for name, member in books.members.items():
        account = member.account
        for what, points in (
            *((balance, getattr(account, balance)) for balance in BALANCES),
            *account.by_expiry.items(),
        ):
            if points < 0:
                yield f"{name} holds {points} points {what}"


def _orders_earn_by_the_fen(books: Books, policy: Policy) -> Iterator[str]:
    for name, member, order in _each(books):
        entries = [entry for entry in member.entries if entry["order_id"] == order["order_id"]]
        earned = sum(entry["frozen_delta"] for entry in entries if entry["kind"] == "earn")
        expected = _earned(order["paid_fen"], policy) if order["paid_at"] else 0
        if earned != expected:
            yield f"{name}'s order over {order['paid_fen']} fen earned {earned} points, not {expected}"
        taken = -sum(
            entry["frozen_delta"] + entry["available_delta"] - entry["debt_delta"]
            for entry in entries
            if entry["kind"] == "reverse"
        )
        kept = _earned(order["retained"]["paid_fen"], policy) if order["paid_at"] else 0
        if earned - taken != kept or order["retained"]["earned_points"] != kept:
            money = order["retained"]["paid_fen"]
            yield f"{name}'s order keeps {money} fen and {earned - taken} points, not {kept}"


def _redeemed_points_are_kept_or_given_back(books: Books, _policy: Policy) -> Iterator[str]:
    for name, member, order in _each(books):
        entries = [entry for entry in member.entries if entry["order_id"] == order["order_id"]]
        redeemed = -sum(entry["available_delta"] for entry in entries if entry["kind"] == "redeem")
        restored = sum(
            entry["available_delta"] - entry["debt_delta"] for entry in entries if entry["kind"] == "restore"
        )
        lapsed = sum(
            entry["lapsed_points"]
            for entry in entries
            if entry["kind"] == "lapse" and not entry["frozen_delta"]
        )
        kept = order["retained"]["redeemed_points"]
        if redeemed - restored - lapsed != kept or redeemed != order["quote"]["points"]["redeemed"]:
            yield (
                f"{name}'s order redeemed {redeemed} points and keeps {kept}, "
                f"but {restored} came back and {lapsed} lapsed"
            )


def _money_is_kept_or_due_back(books: Books, _policy: Policy) -> Iterator[str]:
    for name, _, order in _each(books):
        received = books.received_fen.get(order["order_id"], 0)
        due_back = books.due_back_fen.get(order["order_id"], 0)
        kept = order["retained"]["paid_fen"] if order["paid_at"] else 0
        if received - due_back != kept:
            yield f"{name}'s order received {received} fen, {due_back} are due back, but it keeps {kept}"
        refunded = order["paid_fen"] - kept if order["paid_at"] else 0
        if order["refunded_fen"] != refunded:
            yield f"{name}'s order says that {order['refunded_fen']} fen were refunded, not {refunded}"


def _amounts_add_up(books: Books, policy: Policy) -> Iterator[str]:
    for name, _, order in _each(books):
        quote = order["quote"]
        goods = sum(line["unit_price_fen"] * line["quantity"] for line in quote["lines"])
        taken = sum(use["amount_fen"] for use in quote["campaigns"])
        coupon = quote["coupon"]["amount_fen"] if quote["coupon"] else 0
        value = quote["points"]["redeemed"] * FEN_PER_YUAN // policy.points.redeemed_per_yuan
        free = goods - taken - coupon >= policy.tier(quote["tier"]).free_shipping_from_fen
        shipping = 0 if free else policy.shipping.fee_fen
        paid = goods - taken - coupon + shipping - value
        found = (quote["goods_fen"], quote["goods_net_fen"], quote["shipping_fen"], quote["paid_fen"])
        if (goods, goods - taken, shipping, paid) != found:
            yield f"{name}'s order costs {quote['paid_fen']} fen, it should be {paid}"


def _tier_follows_from_orders(books: Books, policy: Policy) -> Iterator[str]:
    for name, member in books.members.items():
        paid = [order for order in member.orders if order["paid_at"]]
        effective = sum(order["retained"]["order_amount_fen"] for order in paid)
        tier = _tier(effective, policy) if paid else policy.tiers[0].code
        account = member.account
        if (account.effective_fen, account.tier) != (effective, tier):
            yield (
                f"{name} is {account.tier} with E = {account.effective_fen} fen; "
                f"the orders say {tier} with {effective}"
            )


def _tier(effective_fen: int, policy: Policy) -> str:
    first_paid, *above = policy.tiers[1:]
    held = first_paid.code
    for tier in above:
        if tier.above_fen is not None and effective_fen > tier.above_fen:
            held = tier.code
    return held


def _one_coupon_a_year(books: Books, policy: Policy) -> Iterator[str]:
    faces = {tier.birthday_coupon_fen for tier in policy.tiers} - {0}
    for name, member in books.members.items():
        birthday = [coupon for coupon in member.coupons if coupon["kind"] == "birthday"]
        years = Counter(coupon["valid_from"][:4] for coupon in birthday)
        for year, count in years.items():
            if count > 1:
                yield f"{name} got {count} birthday coupons in {year}"
        for coupon in birthday:
            if coupon["face_value_fen"] not in faces:
                yield f"{name} got a coupon of {coupon['face_value_fen']} fen"


def _stock_is_what_nobody_has(books: Books, _policy: Policy) -> Iterator[str]:
    out: Counter[str] = cases_checks.held(books)
    for order in books.orders:
        for line in order["lines"]:
            out[line["sku"]] += line.get("lost_quantity", 0)
            if order["status"] not in CLOSED:
                out.update(cases_checks.with_member(line))
    aside = sale_checks.set_aside(books)
    for shelf in books.shelves:
        if shelf.stock != shelf.delivered - out[shelf.sku] - aside[shelf.sku]:
            yield (
                f"{shelf.sku}: {shelf.delivered} delivered, {out[shelf.sku]} with members, held or lost, "
                f"{aside[shelf.sku]} set aside, but {shelf.stock} in stock"
            )


def _nothing_failed(books: Books, _policy: Policy) -> Iterator[str]:
    for queue, count in books.failed_messages.items():
        yield f"{queue} holds {count} messages that could not be processed"


def _audit_finds_no_difference(books: Books, _policy: Policy) -> Iterator[str]:
    if books.report is not None and books.report["differences"]:
        yield f"the audit of {books.report['as_of']} found {books.report['differences']} differences"


def _liability_is_the_sum_of_wallets(books: Books, policy: Policy) -> Iterator[str]:
    if books.report is None:
        yield "there is no report of an audit"
        return
    accounts = [member.account for member in books.members.values()]
    expected: Json = {
        "available": by_expiry(accounts),
        "frozen": sum(account.frozen for account in accounts),
        "debt": sum(account.debt for account in accounts),
        "value_fen": sum(account.available for account in accounts)
        * FEN_PER_YUAN
        // policy.points.redeemed_per_yuan,
        "accounts": len(accounts),
    }
    reported = {
        each["expires_at"][:10]: each["points"] for each in books.report["available"] if each["points"]
    }
    for what, value in expected.items():
        said = reported if what == "available" else books.report[what]
        if said != value:
            yield f"the liability report says {what} {said}, the wallets sum to {value}"


def by_expiry(accounts: list[Account]) -> Mapping[str, int]:
    """Return the available points of these accounts by the last day on which they can be used."""
    total: Counter[str] = Counter()
    for account in accounts:
        total.update(account.by_expiry)
    return {day: points for day, points in sorted(total.items()) if points}


def _each(books: Books) -> Iterator[tuple[str, Member, Json]]:
    for name, member in books.members.items():
        for order in member.orders:
            yield name, member, order


CHECKS: tuple[tuple[str, str, Find], ...] = (
    ("every wallet is the sum of its ledger entries", "E9", _wallets_are_sums_of_entries),
    ("so is every earn year of it", "E5 E9", _years_are_sums_of_entries),
    ("every entry begins with the balances of another's end", "E9", _balances_follow_from_each_other),
    ("no points are negative", "E4", _no_points_are_negative),
    (
        "every order earns what its paid fen say, and keeps that of what stays",
        "E1 O5",
        _orders_earn_by_the_fen,
    ),
    ("redeemed points are kept, given back or lapsed", "E6 O5", _redeemed_points_are_kept_or_given_back),
    ("money received is kept or announced as due back, to the fen", "O4 O5 O6", _money_is_kept_or_due_back),
    (
        "what was paid at the till stands with its order, once",
        "Y3 Y5",
        money_checks.trades_stand_with_their_orders,
    ),
    ("what did not pay for an order is due back", "O6", money_checks.what_is_not_applied_is_due_back),
    (
        "what goes back at the till was announced to go back by it",
        "Y6",
        money_checks.what_goes_back_was_announced,
    ),
    ("a unit is in one case, and comes back once", "A4 A5", cases_checks.a_unit_is_in_one_case),
    ("cases grant what was announced, and no more", "A6 A9", cases_checks.cases_make_no_money),
    ("every order's amounts add up", "P3 P5 P6 P8 V7", _amounts_add_up),
    ("E and the tier follow from the orders", "T1–T4", _tier_follows_from_orders),
    ("nobody gets two birthday coupons in a year", "B3 B5", _one_coupon_a_year),
    ("a coupon is used by the order that says so", "B5 V11", sale_checks.coupons_stand_as_their_orders_do),
    ("a campaign's figures are what its orders say", "V14", sale_checks.figures_are_what_orders_say),
    ("no limit is passed, of campaigns and templates", "V2 V10 V14", sale_checks.no_limit_is_passed),
    ("stock is what was delivered less what members have", "O1 O4 V2 A4 A7", _stock_is_what_nobody_has),
    ("no message has failed", "R2", _nothing_failed),
    ("audit-points reports no difference", "E9", _audit_finds_no_difference),
    ("the liability report is the sum of all wallets", "E5 E9", _liability_is_the_sum_of_wallets),
)
NEED_AN_AUDIT = (_audit_finds_no_difference, _liability_is_the_sum_of_wallets)
"""Checks of a report that an audit wrote after the last change.

What has changed since is not in it.
"""
