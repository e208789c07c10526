"""The demo: its checks find what is wrong, its page needs nothing beside itself, its story reads anywhere."""

import io
import json
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console

from functions.domain import policy as policies
from local.__main__ import main
from local.demo import figures, page, script, teller, words
from local.demo.acts import Act, Call, Chapter, Pay, Till, Wait, paid
from local.demo.checks import CHECKS, examine
from local.demo.player import PLACE, Player
from local.demo.sale_checks import FIGURES
from local.demo.theatre import Answer, Theatre
from local.deployment import Project
from local.errors import LocalError
from tests.support import story
from tests.support.story import Change, Json

POLICY = policies.load()


def put(*path: str | int, value: Any) -> Change:
    """Return the change that puts a value somewhere into the story's facts."""

    def change(facts: Json) -> None:
        *way, last = path
        place: Any = facts
        for step in way:
            place = place[step]
        place[last] = value

    return change


WRONG: Mapping[str, Change] = {
    "every wallet is the sum of its ledger entries": put("account", "frozen", value=132),
    "so is every earn year of it": put("account", "by_expiry", value={"2028-12-31": 667}),
    "every entry begins with the balances of another's end": put("entries", 3, "available", value=668),
    "no points are negative": put("account", "debt", value=-1),
    "every order earns what its paid fen say, and keeps that of what stays": put(
        "entries", 2, "frozen_delta", value=197
    ),
    "redeemed points are kept, given back or lapsed": put("entries", 3, "available_delta", value=666),
    "money received is kept or announced as due back, to the fen": put(
        "due_back_fen", story.ORDER, value=6_533
    ),
    "what was paid at the till stands with its order, once": put("trades", 0, "paid_amount", value=19_600),
    "what did not pay for an order is due back": put("order", "payments", 0, "applied", value=False),
    "what goes back at the till was announced to go back by it": put(
        "trades", 0, "refunds", 1, "state", value="processing"
    ),
    "a unit is in one case, and comes back once": put("order", "lines", 0, "in_cases", value=2),
    "cases grant what was announced, and no more": put("cases", 0, "return_shipping_fen", value=1_201),
    "every order's amounts add up": put("order", "quote", "shipping_fen", value=1_000),
    "E and the tier follow from the orders": put("account", "tier", value="J2"),
    "nobody gets two birthday coupons in a year": lambda facts: facts["coupons"].append(facts["coupons"][0]),
    "a coupon is used by the order that says so": put("coupons", 0, "order_id", value=story.ORDER),
    "a campaign's figures are what its orders say": lambda facts: facts["campaigns"].append(
        {
            "campaign_id": "tea-week",
            "kind": "discount",
            "limits": {"orders": None, "per_member": None, "budget_fen": None},
            "used": dict.fromkeys(FIGURES, 1),
        }
    ),
    "no limit is passed, of campaigns and templates": put("templates", 0, "claimed", value=3),
    "stock is what was delivered less what members have": put("stock", value=47),
    "no message has failed": put("failed", "posting", value=1),
    "audit-points reports no difference": put("report", "differences", value=1),
    "the liability report is the sum of all wallets": put("report", "value_fen", value=134),
}


STRANGE = {
    "payment_id": "stripe:pi_1",
    "provider": "stripe",
    "number": "market-77",
    "amount": 18_800,
    "because": "unknown_number",
}


def both(*changes: Change) -> Change:
    """Return these changes as one."""

    def change(facts: Json) -> None:
        for each in changes:
            each(facts)

    return change


def failing(change: Change | None, *, audited: bool = True) -> set[str]:
    """Return the checks that fail when something is changed."""
    found = story.books(change, audited=audited)
    return {outcome.says for outcome in examine(found, POLICY) if outcome.wrong}


def test_all_checks_hold_where_all_fits() -> None:
    assert failing(None) == set()
    assert {says for says, _, _ in CHECKS} == set(WRONG)


@pytest.mark.parametrize("says", WRONG)
def test_each_check_fails_on_a_wrong_figure(says: str) -> None:
    assert says in failing(WRONG[says])


@pytest.mark.parametrize(
    "change",
    [
        put("order", "retained", "earned_points", value=130),
        put("order", "refunded_fen", value=6_533),
        put("order", "paid_fen", value=19_651),
        put("account", "effective_fen", value=13_335),
        put("report", "available", value=[]),
        put("report", "frozen", value=0),
        put("coupons", 0, "status", value="used"),
        put("coupons", 0, "face_value_fen", value=2_500),
        put("report", value=None),
        put("cases", 0, "refund_fen", value=6_535),
        put("cases", 1, "settlement", "points", value=1_999),
        put("cases", 3, "state", value="requested"),
        put("cases", 3, "escalate_by", value="2027-04-17T10:00:00+08:00"),
        put("cases", 2, "lines", 0, "quantity", value=3),
        put("cases", 2, "state", value="requested"),
        put("mugs", value=10),
        put("order", "lines", 0, "held", value={"mug": 1}),
        put("order", "lines", 0, "lost_quantity", value=1),
        put("by_provider_fen", value={}),
        put("trades", value=[]),
        put("trades", 0, "number", value=f"{'b' * 26}_01"),
        put("trades", 0, "told", 0, "done", value="given up"),
        put("order", "payments", value=[]),
        lambda facts: facts["order"]["payments"].append(facts["order"]["payments"][0]),
        lambda facts: facts["unassigned"].append(STRANGE),
        lambda facts: facts["strange"].append(("stripe", "market-77", 18_800)),
    ],
)
def test_a_figure_that_is_one_off_is_found(change: Change) -> None:
    assert failing(change)


def test_a_report_is_looked_at_only_when_it_is_of_now() -> None:
    assert failing(put("report", "value_fen", value=134), audited=False) == set()


def test_money_that_the_script_sends_to_no_order_is_to_be_listed_as_it_was_sent() -> None:
    def sent(facts: Json) -> None:
        facts["strange"].append(("stripe", "market-77", 18_800))
        facts["unassigned"].append(STRANGE)

    assert failing(sent) == set()
    assert failing(both(sent, put("unassigned", 0, "amount", value=18_801)))
    assert failing(both(sent, lambda facts: facts["unassigned"].append(STRANGE)))


class FakeTheatre:
    """A theatre that answers every call with an order of a paid amount."""

    calls: Mapping[str, int] = {}

    def __init__(self, paid_fen: int) -> None:
        self._paid_fen = paid_fen

    def call(self, *_: Any) -> Answer:
        """Answer an order."""
        return Answer(201, {"order_id": "1", "paid_fen": self._paid_fen, "status": "paid"})

    def pay(self, _: Any) -> Json:
        """Answer that the order waits, whatever was paid."""
        return {"number": "a_01", "action": "qr", "paid_fen": self._paid_fen, "order_status": "placed"}

    def at_the_till(self, path: str, body: Json) -> Json:
        """Answer what was told."""
        return {"told": [path, body]}

    def settle(self) -> dict[str, int]:
        """Have nothing to do."""
        return {}


def test_an_amount_that_the_script_does_not_expect_ends_the_demo_and_is_named() -> None:
    order = Call(who="dana", method="POST", path="/orders", expects={"paid_fen": 10_320})
    chapter = Chapter(short="Jan", title="January", steps=[Act(says="Dana buys a candle", calls=[order])])
    audience = teller.Teller(Console(file=io.StringIO()), 1)
    player = Player(cast("Theatre", FakeTheatre(12_900)), audience, POLICY, 2027, ())
    with pytest.raises(
        LocalError, match=r"“Dana buys a candle”: POST /orders answers paid_fen = 12900, not 10320"
    ):
        player.play([chapter])


def test_a_payment_at_the_till_that_ends_otherwise_ends_the_demo_and_is_named() -> None:
    order = Call(who="ivy", method="POST", path="/orders", keeps="ivy-tea")
    paying = Pay(who="ivy", order="ivy-tea", provider="wechatpay", expects={"order_status": "paid"})
    chapter = Chapter(short="Till", title="Till", steps=[Act(says="Ivy pays", calls=[order, paying])])
    audience = teller.Teller(Console(file=io.StringIO()), 1)
    player = Player(cast("Theatre", FakeTheatre(10_950)), audience, POLICY, 2027, ())
    with pytest.raises(LocalError, match=r"“Ivy pays”: .* answers order_status = 'placed', not 'paid'"):
        player.play([chapter])


def test_what_happens_at_the_till_names_a_payment_and_a_day_as_the_script_does() -> None:
    order = Call(who="ivy", method="POST", path="/orders", keeps="ivy-tea")
    paying = Pay(who="ivy", order="ivy-tea", provider="wechatpay")
    wrong = {"provider": "wechatpay", "date": "{next}-01-09", "wrong_amount": "{trade:ivy-tea}"}
    body = {"provider": "wechatpay", "date": "2028-01-09", "wrong_amount": "a_01"}
    till = Till(path="/till/plan/statements", body=wrong, expects={"told": ["/till/plan/statements", body]})
    otherwise = Till(path="/till/plan/statements", body=wrong, expects={"told.0": "/till/money"})
    act = Act(says="Ivy pays", calls=[order, paying, till, otherwise])
    audience = teller.Teller(Console(file=io.StringIO()), 1)
    player = Player(cast("Theatre", FakeTheatre(10_950)), audience, POLICY, 2027, ())
    with pytest.raises(LocalError, match=r"told\.0 = '/till/plan/statements', not '/till/money'"):
        player.play([Chapter(short="Till", title="Till", steps=[act])])


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({}, "the suite is told;"),
        ({"twice": True}, "the suite is told twice, at once;"),
        ({"lost": True}, "nobody is told;"),
        ({"late_seconds": 2_400}, "the suite will be told 40 minutes later;"),
    ],
)
def test_a_payment_at_the_till_is_told_with_how_its_notification_fares(plan: Json, told: str) -> None:
    paying = Pay(who="ivy", order="ivy-tea", provider="stripe", **plan)
    value = {"action": "client_secret", "paid_fen": 10_950, "order_status": "placed"}
    (line,) = words.paid(paying, value)
    assert line == f"Ivy types a card and pays 109.50 by stripe; {told} the order is placed"


def test_books_that_do_not_hold_end_the_demo_and_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(
        cast("Theatre", FakeTheatre(0)), teller.Teller(Console(file=io.StringIO()), 1), POLICY, 2027, ()
    )
    monkeypatch.setattr(player, "_books", lambda: story.books(put("account", "frozen", value=132)))
    with pytest.raises(LocalError, match="dana holds 132 points frozen, but the ledger's entries sum to 131"):
        player.play([Chapter(short="Jan", title="January", steps=[])])


def told(console: Console) -> None:
    """Tell the story on a console."""
    narrator = teller.Teller(console, len(story.CHAPTERS))
    with narrator:
        for number, chapter in enumerate(story.CHAPTERS, start=1):
            narrator.begins(chapter, number)
            narrator.doing("something")
            narrator.happened(story.ended(chapter).told[0])
            narrator.checked(story.ended(chapter))
    narrator.table(figures.statement(story.played(), "dana"))


def test_without_a_terminal_the_story_is_plain_lines() -> None:
    out = io.StringIO()
    told(Console(file=out, width=100, highlight=False))
    text = out.getvalue()
    assert "\x1b" not in text
    assert "something" not in text
    for part in (
        "December: <before> ─",
        "10 Apr 10:00  One cup comes back",
        "POST /orders/{order}/returns → 200",
        "O5 the refund is the difference",
        "✓ 22 checks hold: 1 wallets, 5 ledger entries, 1 orders",
        "dana-cups",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100
    assert not [
        line for line in text.splitlines() if line != line.rstrip() and "─" not in line and line.strip()
    ]


def test_no_color_is_heeded_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    told(Console(file=out, width=100, force_terminal=True))
    assert not re.search(r"\x1b\[(?:\d+;)*3\d", out.getvalue())


def test_a_check_that_fails_is_told() -> None:
    out = io.StringIO()
    narrator = teller.Teller(Console(file=out, width=200), 1)
    narrator.checked(story.ended(story.CHAPTERS[0], put("stock", value=47)))
    assert (
        "✗ O1 O4 V2 A4 A7 stock is what was delivered less what members have: cup: 50 delivered"
        in out.getvalue()
    )
    assert "✓" not in out.getvalue()


@pytest.fixture(scope="module")
def written() -> str:
    """The story as a page."""
    played = story.played()
    tables = (figures.accounts(played.books), figures.statement(played, "dana"), figures.programme(played))
    text = page.rendered(played, tables)
    assert page.rendered(played, tables) == text
    return text


def test_the_page_needs_nothing_beside_itself(written: str) -> None:
    assert not re.search(r"https?:|@import|url\((?!#)|<script|<link|<img|\ssrc=|\shref=", written)
    assert "default-src 'none'" in written


def test_the_page_holds_the_story_and_all_figures(written: str) -> None:
    assert written.count("<svg") == 2 * 4
    played = story.played()
    for table in (figures.statement(played, "dana"), figures.programme(played)):
        for row in table.rows:
            for cell in row:
                assert f">{cell}</td>" in written
    for part in ("December: &lt;before&gt;", "Dec 2026", "One cup comes back", "<b>O5</b>", "65.34 go back"):
        assert part in written
    for says, _, _ in CHECKS:
        assert says.replace("'", "&#39;") in written


def test_the_year_that_is_lived_begins_after_now() -> None:
    zone = POLICY.zone
    assert script.year_of(datetime(2026, 11, 22, tzinfo=zone)) == 2027
    assert script.year_of(datetime(2026, 12, 19, 23, tzinfo=zone)) == 2027
    assert script.year_of(datetime(2026, 12, 20, tzinfo=zone)) == 2028


def test_the_script_names_orders_and_cases_before_it_uses_them_and_each_chapter_once() -> None:
    known: set[tuple[str, str]] = set()
    for chapter in script.STORY:
        for act in (step for step in chapter.steps if isinstance(step, Act)):
            for call in act.calls:
                named = PLACE.findall(call.path + ("" if isinstance(call, Pay) else json.dumps(call.body)))
                assert {each for each in named if each[0] != "coupon"} <= known, act.says
                known |= {("order", call.keeps or ""), ("case", call.opens or "")}
                known |= {("trade", call.order)} if isinstance(call, Pay) else set()
    assert len({chapter.short for chapter in script.STORY}) == len(script.STORY) == 18


def test_the_script_visits_each_member_day_and_each_tier() -> None:
    moments = [step.to for chapter in script.STORY for step in chapter.steps if isinstance(step, Wait)]
    for month in range(1, 13):
        assert any(to.startswith(f"{{year}}-{month:02}-10T") for to in moments), month
    left = [
        act.leaves["tier"]
        for chapter in script.STORY
        for act in chapter.steps
        if isinstance(act, Act) and "tier" in act.leaves
    ]
    assert {"J1", "J2", "J3", "J4", "J5"} == set(left)


def test_a_payment_is_the_same_when_it_is_reported_again() -> None:
    assert paid("order", 100) == paid("order", 100) != paid("order", 100, payment="2")


def test_a_record_that_cannot_be_written_is_refused_before_anything_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cloud"
    record = tmp_path / "missing" / "page.html"
    assert main(["--dir", str(folder), "demo", "--record", str(record)], Project(tmp_path)) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert not folder.exists()


def test_a_folder_that_holds_a_cloud_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".memberday-local").touch()
    (tmp_path / "cloud").mkdir()
    (tmp_path / "cloud" / "kept").touch()
    assert main(["--dir", str(tmp_path), "demo"], Project(tmp_path)) == 1
    assert "needs a folder of its own" in capsys.readouterr().err
    assert (tmp_path / "cloud" / "kept").exists()


def test_a_folder_that_holds_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").touch()
    assert main(["--dir", str(tmp_path), "demo"], Project(tmp_path)) == 1
    assert "choose another folder" in capsys.readouterr().err
    assert (tmp_path / "home" / "letter").exists()


def test_a_case_is_told_with_whose_turn_it_is_and_what_it_came_to() -> None:
    case = {
        "case_id": "cas_1",
        "kind": "refund_only",
        "state": "requested",
        "answer_by": "2027-04-12T10:00:00+08:00",
        "send_back_by": None,
        "escalate_by": None,
        "refund_fen": 0,
        "return_shipping_fen": None,
        "settlement": None,
    }
    assert list(words.facts(case)) == ["the refund only is requested, until 2027-04-12 10:00"]
    closed = case | {"state": "closed", "answer_by": None, "refund_fen": 10_950, "return_shipping_fen": 1_200}
    assert list(words.facts(closed)) == [
        "the refund only is closed",
        "109.50 go back",
        "12.00 for the parcel",
    ]
    settled = case | {"settlement": {"points": 300, "coupon_id": None}}
    assert list(words.facts(settled))[1:] == ["settled with 300 points"]
    assert list(words.facts(case | {"settlement": {"points": None, "coupon_id": "cpt_1"}}))[1:] == [
        "settled with a coupon"
    ]
