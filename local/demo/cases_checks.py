"""What must hold of cases: units once, and no money beyond freight and settlements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from functions.domain.policy import Policy
from local.demo.acts import Json
from local.demo.books import Books

OPEN = frozenset({"requested", "approved", "shipped_back", "disputed"})
HOLDING = frozenset({"approved", "shipped_back"})
"""Where what an exchange is for has been taken from the stock."""
EXCHANGE, COMPLAINT = "exchange", "complaint"
BY_CASES = "case "
"""How the ids of adjustments begin that cases have made."""


def held(books: Books) -> Counter[str]:
    """Count the units of each product that are held for exchanges."""
    found: Counter[str] = Counter()
    for case in books.cases:
        if case["kind"] == EXCHANGE and case["state"] in HOLDING:
            for line in case["lines"]:
                found[line["for"]] += line["quantity"]
    return found


def with_member(line: Json) -> Counter[str]:
    """Count what a member has of a line: its own product, and what that was exchanged for."""
    found: Counter[str] = Counter(line.get("held", {}))
    stays = line["quantity"] - line["cancelled_quantity"] - line["returned_quantity"]
    found[line["sku"]] += stays - found.total()
    return found


def a_unit_is_in_one_case(books: Books, _policy: Policy) -> Iterator[str]:
    """Say of which line more is in cases than stays, or other than its cases say."""
    in_cases: Counter[tuple[str, str]] = Counter()
    for case in books.cases:
        if _is_open(case) and case["kind"] != COMPLAINT:
            in_cases.update({(case["order_id"], line["line_id"]): line["quantity"] for line in case["lines"]})
    for order in books.orders:
        for line in order["lines"]:
            said, asked = line.get("in_cases", 0), in_cases[order["order_id"], line["line_id"]]
            stays = line["quantity"] - line["cancelled_quantity"] - line["returned_quantity"]
            if said != asked or not 0 <= asked <= stays:
                yield (
                    f"the order {order['order_id']} says that {said} {line['sku']} are in cases, "
                    f"its cases have {asked}, and {stays} stay"
                )


def _is_open(case: Json) -> bool:
    """Tell whether anything can still become of a case: a refusal can be escalated for some days."""
    return case["state"] in OPEN or case["escalate_by"] is not None


def cases_make_no_money(books: Books, _policy: Policy) -> Iterator[str]:
    """Say where more or other freight was announced, or given for a complaint, than cases say."""
    refunds, freight = Counter[str](), Counter[str]()
    for case in books.cases:
        refunds[case["order_id"]] += case["refund_fen"]
        freight[case["order_id"]] += case["return_shipping_fen"] or 0
    for order in books.orders:
        order_id = order["order_id"]
        announced = books.freight_fen.get(order_id, 0)
        if freight[order_id] != announced:
            yield f"cases of {order_id} grant {freight[order_id]} fen of freight, {announced} were announced"
        if refunds[order_id] > order["refunded_fen"]:
            yield f"cases of {order_id} refund {refunds[order_id]} fen, the order {order['refunded_fen']}"
    for name, member in books.members.items():
        settled = sum((case["settlement"] or {}).get("points") or 0 for case in member.cases)
        given = sum(
            entry["available_delta"] - entry["debt_delta"]
            for entry in member.entries
            if (entry["adjustment_id"] or "").startswith(BY_CASES)
        )
        if given != settled:
            yield f"{name}'s cases are settled with {settled} points, but {given} were given"
