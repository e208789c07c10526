"""Swagger UI on the deployed stack, as somebody opens it: a browser signs in, asks, and sees the answer."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, expect

from tests.support.browser import VARIABLE, Visit, chromium, visiting
from tests.support.document import operations
from tests.support.shopper import Shopper
from tests.support.stack import Stack

pytestmark = pytest.mark.skipif(
    chromium() is None,
    reason=f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}",
)


@pytest.fixture
def visit(deployed: Stack) -> Iterator[Visit]:
    """The page of the document, opened."""
    with visiting() as visit:
        visit.page.goto(deployed.outputs["DocsUrl"])
        expect(visit.page.get_by_role("heading", name=re.compile("^memberday"))).to_be_visible()
        yield visit


def authorise(visit: Visit, token: str) -> None:
    """Paste a token into the dialog behind the button Authorize."""
    visit.page.get_by_role("button", name="Authorize").click()
    visit.page.get_by_label("auth-bearer-value").fill(token)
    visit.page.get_by_role("button", name="Apply credentials").click()
    visit.page.get_by_role("button", name="Close").click()


def opened(visit: Visit, operation: str) -> Locator:
    """Open an operation, and return what the page shows of it."""
    shown = visit.page.locator(f"[id^=operations-][id$=-{operation}]")
    shown.get_by_role("button").first.click()
    return shown


def executed(operation: Locator) -> Locator:
    """Execute an operation as it is filled in, and return what the page shows of the answer."""
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table .response").first


def assert_it_stayed_here(visit: Visit, deployed: Stack) -> None:
    """Hold that nothing was asked of any other host, nor outside the API, and that the console is quiet."""
    assert len(visit.requested) > 4
    assert {urlsplit(each).hostname for each in visit.requested} == {"127.0.0.1"}
    assert [each for each in visit.requested if not each.startswith(deployed.outputs["ApiUrl"])] == []
    assert visit.complaints == []


def test_a_member_signs_in_and_sees_their_name(deployed: Stack, visit: Visit) -> None:
    shopper = Shopper(deployed)
    shopper.register()
    authorise(visit, deployed.token(shopper.name))
    answer = executed(opened(visit, "get_me"))
    expect(answer.locator(".response-col_status")).to_have_text("200")
    expect(answer).to_contain_text('"name": "Alice"')
    expect(answer).to_contain_text(shopper.member_id)
    assert_it_stayed_here(visit, deployed)


def test_the_examples_are_filled_in_to_be_sent(deployed: Stack, visit: Visit) -> None:
    shopper = Shopper(deployed)
    authorise(visit, deployed.token("clerk", staff=True))
    operation = opened(visit, "put_product")
    sku = operation.get_by_placeholder("sku")
    expect(sku).to_have_value("tea-longjing-100")
    sku.fill(shopper.sku)
    answer = executed(operation)
    expect(answer.locator(".response-col_status")).to_have_text("201")
    expect(answer).to_contain_text('"name": "Longjing tea"')
    assert deployed.call("GET", f"/products/{shopper.sku}", who=shopper.name).body["price_fen"] == 9_500
    assert_it_stayed_here(visit, deployed)


@pytest.mark.parametrize("operation", ["place_order", "get_export"])
def test_an_operation_of_many_shapes_opens_without_a_complaint(
    deployed: Stack, visit: Visit, operation: str
) -> None:
    expect(visit.page.locator(".opblock")).to_have_count(len(operations()))
    assert operation in {each.described["operationId"] for each in operations()}
    expect(opened(visit, operation).locator(".responses-table")).to_be_visible()
    assert_it_stayed_here(visit, deployed)


def test_without_a_token_the_page_shows_that_the_gateway_refuses(deployed: Stack, visit: Visit) -> None:
    answer = executed(opened(visit, "get_me"))
    expect(answer.locator(".response-col_status")).to_contain_text("401")
    expect(answer).to_contain_text("Unauthorized")
