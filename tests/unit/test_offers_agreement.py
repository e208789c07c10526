"""Offers, and a second implementation that was written from their page by somebody who had not seen ours.

Both are asked the same random carts, on fixed seeds and on a fresh one, which a failure prints. For more of
them: ``python -m tests.agreement --carts 120000``.
"""

import secrets
from pprint import pformat

import pytest

from tests.agreement.comparison import Count, differences
from tests.oracle.offer_carts import question

CARTS = 800
SEEDS = [1, 2, "fresh"]
OFTEN = [
    "used: discount",
    "used: flash",
    "used: spend_save",
    "used: gift",
    "used: amount coupon",
    "used: rate coupon",
    "used: exclusive amount coupon",
    "used: birthday coupon",
    "used: points",
    "used: member day",
    "order offers used: 3",
    "returns while a gift stays",
]


@pytest.mark.parametrize("seed", SEEDS)
def test_quotes_refusals_reasons_and_returns_agree(seed: int | str) -> None:
    chosen = secrets.randbelow(2**32) if isinstance(seed, str) else seed
    count = Count()
    for number in range(CARTS):
        asked = question(chosen, number)
        found = differences(asked, count)
        assert not found, f"question({chosen}, {number})\n{pformat(asked.cart)}\n{pformat(found)}"
    # The carts are worth asking: every kind of offer was used, and much was refused.
    assert all(count.of[kind] for kind in OFTEN), count.of
    assert len([kind for kind in count.of if kind.startswith("refused: campaign_not_applicable")]) > 5
