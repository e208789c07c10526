"""The simulator notices what is broken of offers, in small worlds (V1-V18)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.catalog import set_aside
from functions.coupons import held
from functions.coupons.attempts import Attempts
from functions.coupons.taking import Taking
from functions.coupons.templates import Days
from functions.offers import counting, line_prices, pricing, running, told
from functions.offers.best import Search
from functions.offers.kinds.spend_save import SpendSaveTerms
from functions.offers.uses import Uses
from functions.orders import refunds
from functions.orders.coming_back import Change
from tests.simulation.script import Op, Step
from tests.simulation.simulation import run, violated

STEPS = 150
SEEDS = (6, 3, *range(1, 15))
"""Each is broken until one of these finds it; most of what is broken is found in the first two."""


def _nothing(*_: Any, **__: Any) -> None:
    """Do nothing."""


def _none(*_: Any, **__: Any) -> Any:
    return ()


def _no(*_: Any, **__: Any) -> bool:
    return False


def _as_before(uses: Uses, *_: Any, **__: Any) -> Uses:
    return uses


def _takes_nothing(_: Taking, transaction: Any, *__: Any, terms: int, deadline: Any) -> None:
    transaction.commit(deadline)


def _a_day_more(days: Days, at: Any, zone: Any) -> Any:
    begins, until = WINDOW(days, at, zone)
    return begins, until + timedelta(days=1)


def _first_step(terms: SpendSaveTerms, base_fen: int) -> int:
    step = terms.steps[0]
    return step.off_fen if step.from_fen <= base_fen else 0


def _of_the_programme(*all_of_it: Any) -> Any:
    return (each for each in told.not_applied(*all_of_it) if each.offer != "campaign")


def _free_gifts(*_: Any) -> Any:
    return {}


def _fits(*_: Any) -> None:
    return None


WINDOW = Days.window
BROKEN: dict[str, tuple[Any, str, Any, Sequence[str]]] = {
    "V1 V4 the greatest step that is reached": (
        SpendSaveTerms,
        "off_fen",
        _first_step,
        ("not as foretold", "quote"),
    ),
    "V2 the units of a member": (
        line_prices,
        "_misfit",
        _fits,
        ("flash limit of a member passed", "not as foretold", "not at rest"),
    ),
    "V2 flash units that come back": (
        set_aside,
        "is_open",
        _no,
        ("flash units not conserved",),
    ),
    "V9 the window of a coupon": (Days, "window", _a_day_more, ("coupon of another window",)),
    "V10 V15 claims that are left": (
        Taking,
        "commit",
        _takes_nothing,
        ("claims not what is left", "uses of a code"),
    ),
    "V11 coupons that come back": (held, "give_back", _nothing, ("coupon not of its order",)),
    "V12 the best": (Search, "_can_be", _no, ("not as foretold",)),
    "V13 campaigns that are told": (
        pricing,
        "not_applied",
        _of_the_programme,
        ("campaign not told", "not as foretold"),
    ),
    "V14 the uses of a member": (Uses, "taken", _as_before, ("uses of a member", "figures of a campaign")),
    "V14 limits that come back": (Change, "_limits", _none, ("limit not what is left",)),
    "V14 figures": (counting, "count", _nothing, ("figures of a campaign",)),
    "V16 how long campaigns are known": (
        running,
        "KEPT_SECONDS",
        1_000_000.0,
        ("campaign of before", "not as foretold", "campaign does not run", "campaign not told"),
    ),
}
"""What is broken on purpose, what stands in for it, and which of the laws may notice it."""


def _step(*ops: Op, seconds: int = 0, seed: int = 1) -> Step:
    return Step((datetime(2026, 5, 1, 4, tzinfo=UTC) + timedelta(seconds=seconds)).isoformat(), seed, ops)


GIFT = {
    "name": "gift",
    "kind": "gift",
    "starts_at": "2026-05-01T04:00:00Z",
    "ends_at": "2026-06-01T04:00:00Z",
    "scope": {"all": True},
    "terms": {"from_fen": 9_950, "sku": "pin", "quantity": 1},
    "status": "active",
}
SHOP = (
    _step(Op("put_product", sku="tea", price_fen=9_950, zone=False, threshold=None)),
    _step(Op("put_product", sku="pin", price_fen=320, zone=False, threshold=None)),
    _step(
        Op("move_stock", sku="tea", movement="m1", delta=5),
        Op("move_stock", sku="pin", movement="m2", delta=5),
    ),
    _step(Op("register", member="ann", birthday=None)),
)
OF_GIFT = (
    *SHOP,
    _step(Op("put_campaign", campaign="g", body=GIFT)),
    _step(
        Op("order", member="ann", key="k", units={"tea": 2}, coupon="none", points=0, expects=None),
        seconds=10,
    ),
    _step(Op("pay", order="ann/k", payment="p", amount_fen=19_900, received=True)),
    _step(Op("ship", order="ann/k", told={})),
    _step(Op("receive", order="ann/k")),
    _step(Op("give_back", order="ann/k", return_id="r1", units={"tea": 2})),
)
GUESSES = (
    *SHOP,
    *(_step(Op("enter_code", member="ann", code=f"WRONG{number}"), seed=number) for number in range(5)),
)
SCRIPTS: dict[str, tuple[Any, str, Any, Sequence[Step], str]] = {
    "V18 a gift that is kept": (
        refunds,
        "gifts_charged",
        _free_gifts,
        OF_GIFT,
        "units add up to something else",
    ),
    "V10 guesses at codes": (Attempts, "check", _nothing, GUESSES, "too many guesses"),
}
"""What is seldom met in a small world: broken, too, and the steps at the end of which it is noticed."""


@pytest.mark.parametrize("what", list(SCRIPTS))
def test_what_is_broken_of_offers_is_found_by_its_steps(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, other, steps, law = SCRIPTS[what]
    assert violated(steps) is None
    monkeypatch.setattr(owner, name, other)
    found = violated(steps)
    assert found is not None
    assert found.name == law


@pytest.mark.parametrize("what", list(BROKEN))
def test_what_is_broken_of_offers_is_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, name, other, laws = BROKEN[what]
    monkeypatch.setattr(owner, name, other)
    found = next(found for seed in SEEDS if (found := run(seed, STEPS).violation) is not None)
    assert found.name in laws
