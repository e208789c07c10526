"""What campaigns gave on an order, and what the order is to their figures (V14)."""

import pytest

from functions.offers.counting import Figures
from functions.offers.quotes import LineOfferUse
from functions.orders.given import Given, figures, given
from functions.orders.life import as_of, cancel, pay, return_units
from tests.support.offered import PLACED_AT, bought, gift, gives, placed, quote_of, received, saves

QUOTE = quote_of(
    [
        bought("tea", 7_000, 3, list_fen=9_950, price_of="fast"),
        bought("cup", 2_000, 2, list_fen=2_500, price_of="off"),
        bought("pin", 100),
        gift("cup", 2_500, "z", quantity=2),
    ],
    saves("a", 1_000, 0, 2),
    gives(20_000, 0, 1, campaign_id="z"),
    line_offers=[
        LineOfferUse(campaign_id="fast", version=4, kind="flash"),
        LineOfferUse(campaign_id="off", version=2, kind="discount"),
    ],
)
NOTHING = Figures()


def test_V14_what_is_given_is_the_amount_off_or_what_is_below_the_list_price() -> None:
    assert given(QUOTE) == {
        "fast": Given(version=4, kind="flash", given_fen=3 * 2_950, units={"tea": 3}),
        "off": Given(version=2, kind="discount", given_fen=2 * 500),
        "a": Given(version=1, kind="spend_save", given_fen=1_000),
        "z": Given(version=1, kind="gift", given_fen=2 * 2_500),
    }
    assert given(quote_of([bought("tea", 9_950)])) == {}


def test_V14_an_open_order_counts_with_what_stays_of_a_campaigns_lines_its_base_or_its_gift() -> None:
    order = placed(QUOTE)
    assert figures(order, "fast") == Figures(orders=1, units=3, given_fen=8_850, goods_fen=21_000)
    assert figures(order, "off") == Figures(orders=1, units=2, given_fen=1_000, goods_fen=4_000)
    assert figures(order, "a") == Figures(orders=1, units=4, given_fen=1_000, goods_fen=21_100)
    assert figures(order, "z") == Figures(orders=1, units=2, given_fen=5_000, goods_fen=25_000)


def test_V14_units_that_come_back_leave_the_figures_and_what_was_given_stays() -> None:
    order = return_units(received(QUOTE), {"tea": 1, "cup:z": 1}, now=PLACED_AT)
    refunded = order.refunded_fen
    assert refunded > 0
    assert figures(order, "fast") == Figures(
        orders=1, units=2, given_fen=8_850, goods_fen=14_000, refunded_fen=refunded
    )
    assert figures(order, "z") == Figures(
        orders=1, units=1, given_fen=5_000, goods_fen=18_000, refunded_fen=refunded
    )


def test_V14_an_order_that_is_closed_counts_with_what_was_refunded_alone() -> None:
    order = placed(QUOTE)
    lapsed = as_of(order, order.lapses_at)
    assert {name: figures(lapsed, name) for name in given(QUOTE)} == dict.fromkeys(given(QUOTE), NOTHING)
    paid = pay(order, payment_id="p1", amount_fen=QUOTE.paid_fen, now=PLACED_AT)
    assert figures(cancel(paid, now=PLACED_AT), "a") == Figures(refunded_fen=QUOTE.paid_fen)


def test_a_campaign_that_an_order_does_not_use_has_no_figures_of_it() -> None:
    with pytest.raises(KeyError):
        figures(placed(QUOTE), "b")
