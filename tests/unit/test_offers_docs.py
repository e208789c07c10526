"""What the page of offers shows is what the suite takes, says and refunds."""

import json
import re
from collections.abc import Iterator

import pytest

from functions.coupons.template_schema import TemplateRequest
from functions.domain import policy as policies
from functions.offers import conditions
from functions.offers.campaign_schema import CampaignRequest, PreviewRequest
from functions.offers.counting import FIGURE_NAMES
from functions.offers.kinds import KINDS
from functions.offers.quotes import Quote
from functions.orders.life import return_units
from functions.orders.order import Status
from tests.support.document import document, operations
from tests.support.offered import PLACED_AT, bought, coupon, gift, gives, quote_of, received, saves
from tests.support.schemas import against
from tests.support.stack import ROOT

TEXT = (ROOT / "docs" / "offers.md").read_text(encoding="utf-8")
BODY = re.compile(r"^<!-- body: (\S+ \S+) -->\n```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BODIES = BODY.findall(TEXT)
REFUSALS_ALONE = {conditions.NOT_FOUND}
"""Why a campaign that was named cannot be used; no quote says it of an offer."""


def rows(heading: str) -> Iterator[list[str]]:
    """Give the rows of the table whose head begins with this cell."""
    table = TEXT.partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(("operation", "text"), BODIES)
def test_a_body_is_one_that_the_api_takes(operation: str, text: str) -> None:
    body = json.loads(text)
    (asked,) = [each for each in operations() if str(each) == operation]
    assert asked.body is not None
    against(document(), asked.body).validate(body)
    if "coupon" in operation:
        TemplateRequest.model_validate(body).template("tea", policies.load())
    elif "preview" in operation:
        PreviewRequest.model_validate(body).campaign.campaign("tea")
    else:
        CampaignRequest.model_validate(body).campaign("tea")


def test_there_is_a_body_of_every_kind() -> None:
    kinds = [json.loads(text)["kind"] for operation, text in BODIES if "preview" not in operation]
    assert sorted(kinds) == sorted([*KINDS, "amount", "rate"])
    assert [cells[0].strip("`") for cells in rows("kind")] == list(KINDS)


def test_every_reason_why_an_offer_is_not_used_is_said() -> None:
    said = {cells[0].strip("`") for heading in ("campaign", "coupon") for cells in rows(heading)}
    codes = {
        value for name, value in vars(conditions).items() if name.isupper() and isinstance(value, str)
    } - REFUSALS_ALONE
    assert said == codes


def test_every_figure_is_said() -> None:
    said = [name.strip("` ") for cells in rows("figure") for name in cells[0].split(",")]
    assert sorted(said) == sorted(FIGURE_NAMES)


TWO_OF_EACH = quote_of([bought("a", 10_000, 2), bought("b", 5_000, 2)], saves("m", 5_000, 0))
NOTHING_LEFT = quote_of(
    [bought("a", 10_000), bought("b", 10_000)], saves("x", 8_000, 0), saves("y", 2_000, 0)
)
GIFT_ALONE = quote_of([bought("a", 30_000), gift("cup", 3_900)], gives(29_900, 0))
GIFT_BESIDE = quote_of([bought("a", 10_000), bought("b", 15_100, 2), gift("cup", 3_900)], gives(30_200, 0, 1))
WITH_COUPON = quote_of([bought("a", 15_000, 2)], saves("m", 5_000, 0), coupon=coupon(2_500, 0))
RETURNED: tuple[tuple[Quote, tuple[dict[str, int], ...]], ...] = (
    (TWO_OF_EACH, ({"b": 2},)),
    (TWO_OF_EACH, ({"a": 1},)),
    (NOTHING_LEFT, ({"a": 1},)),
    (GIFT_ALONE, ({"a": 1}, {"cup:gift": 1})),
    (GIFT_BESIDE, ({"a": 1}, {"b": 1})),
    (WITH_COUPON, ({"a": 1},)),
)
"""The orders of the page, and what comes back of each, one after the other."""


def test_the_refunds_that_are_shown_are_what_is_refunded() -> None:
    refunds = []
    for quote, returns in RETURNED:
        order = received(quote)
        for units in returns:
            before = order.refunded_fen
            order = return_units(order, units, now=PLACED_AT)
            refunds.append(f"{(order.refunded_fen - before) / 100:.2f}")
        assert (order.status is Status.RETURNED) == (quote is GIFT_ALONE)
    shown = [cells[2].partition(":")[0] for cells in rows("an order without points and shipping")]
    assert shown == refunds
