"""An erasure that meets other changes of the same member, faults and deaths: one outcome, nothing left."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from functions.domain.errors import ConflictError, NotFoundError, RefusalError, TryAgainError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item
from functions.points.accounts import opening_row
from functions.tiers import members
from functions.tiers.members import PROFILE, STANDING, Members, Profile, member_standing_of
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    cancelled,
    watched,
)
from tests.support.points import Box, Died, Points, mortal
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

HOUR = timedelta(hours=1)
REASON = "passport of Alice Wang"
SECRETS = ("Alice Wang", "alice wang", "1990-05-05", "1991-06-06", "13800000000", "phone#")
ERASED = NOON + HOUR


@dataclass
class Known:
    """Alice, who has told who she is, with a paid order that is not posted."""

    shop: Shop

    def __post_init__(self) -> None:
        self.points = Points(self.shop)
        self.put_profile()
        self.change_birthday(date(1991, 6, 6))
        self.paper = self.points.pay("alice", 2_000, NOON)

    @property
    def members(self) -> Members:
        """The members' store."""
        return self.shop.members

    def put_profile(self, name: str = "Alice Wang") -> None:
        """Let alice tell who she is."""
        told = Profile(member_id="alice", name=name, birthday=None, phone="13800000000", registered_at=NOON)
        if self.shop.tables.get(self.points.table, members.key("alice", PROFILE)) is None:
            told = Profile(
                member_id="alice",
                name=name,
                birthday=date(1990, 5, 5),
                phone="13800000000",
                registered_at=NOON,
            )
        self.members.put_profile(told, self.shop.policy, [opening_row("alice")], Deadline(20))

    def change_birthday(self, birthday: date = date(1990, 5, 5)) -> None:
        """Let staff change alice's birthday."""
        self.members.change_birthday(
            "alice", birthday, reason=REASON, operator="clerk", at=NOON, deadline=Deadline(20)
        )

    def post(self) -> None:
        """Post the order, by which alice rises to J2."""
        self.points.post(self.paper)

    def adjust(self) -> None:
        """Let staff credit alice with points."""
        self.points.adjust("alice", 100, NOON, "gift")

    def erase(self, at: datetime = ERASED) -> datetime:
        """Erase alice."""
        return self.members.erase("alice", operator="clerk", at=at, deadline=Deadline(20))

    def rows(self) -> list[Row]:
        """Return all rows of the members' table."""
        return [
            from_item(item) for item in self.shop.tables.client.scan(TableName=self.points.table)["Items"]
        ]

    def is_erased(self) -> bool:
        """Check that alice's rows are all of one opinion whether she was erased; return it."""
        rows = {row["item"]: row for row in self.rows()}
        standing, erased = member_standing_of(rows[STANDING]), "erased_at" in rows[PROFILE]
        assert standing.erased is erased
        assert (standing.birthday.solar_month is None) is erased
        if erased:
            text = json.dumps(list(rows.values()))
            assert [secret for secret in SECRETS if secret in text] == []
        return erased

    def is_posted(self) -> bool:
        """Tell whether the order is posted, with the tier that it brings."""
        tier = self.points.get(STANDING, "alice")["tier"]
        lots = self.points.lots("alice")
        assert tier == ("J2" if lots else "J0")
        return bool(lots)


@pytest.fixture
def known(shop: Shop) -> Known:
    """Alice."""
    return Known(shop)


def refused(act: Callable[[], object]) -> str | None:
    """Do something; return the code of its refusal."""
    try:
        act()
    except RefusalError as refusal:
        return refusal.code
    return None


OTHERS: dict[str, tuple[Callable[[Known], object], str | None]] = {
    "a posting": (Known.post, None),
    "a change of the birthday": (Known.change_birthday, "member_not_found"),
    "a change of the profile": (lambda known: known.put_profile("Alice Wang-Li"), "member_erased"),
    "another erasure": (Known.erase, None),
    "an adjustment": (Known.adjust, "member_not_found"),
}
"""What an erasure may meet, and how it is refused once alice is erased."""
EVERY_OTHER = pytest.mark.parametrize("other", OTHERS)
READS = pytest.mark.parametrize("reads", ["first GetItem", "second GetItem", "Query", "TransactWriteItems"])


@EVERY_OTHER
@READS
def test_what_happens_while_a_member_is_being_erased_has_happened_before(
    known: Known, client: "DynamoDBClient", other: str, reads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    act, _ = OTHERS[other]
    with watched(client) as calls:

        def meanwhile() -> None:
            assert refused(lambda: act(known)) is None

        if reads == "second GetItem":
            calls.do_before("GetItem", lambda: calls.do_before("GetItem", meanwhile))
        else:
            calls.do_before(reads.removeprefix("first "), meanwhile)  # type: ignore[arg-type]
        assert known.erase(ERASED + HOUR) == (ERASED if other == "another erasure" else ERASED + HOUR)
    assert known.is_erased()
    assert known.is_posted() is (other == "a posting")
    known.post()
    assert known.is_posted()
    assert known.is_erased()
    known.points.check("alice")


@EVERY_OTHER
def test_what_an_erasure_overtakes_is_decided_anew(known: Known, calls: Calls, other: str) -> None:
    act, code = OTHERS[other]
    calls.do_before("TransactWriteItems", known.erase)
    assert refused(lambda: act(known)) == code
    assert known.is_erased()
    assert known.is_posted() is (other == "a posting")
    changes = [row for row in known.rows() if row["item"].startswith("BIRTHDAY#")]
    assert [row["reason"] for row in changes] == [None]


@EVERY_OTHER
def test_an_erasure_and_something_else_at_once_end_in_one_of_two_orders(known: Known, other: str) -> None:
    act, code = OTHERS[other]
    answers = at_once(4, lambda number: act(known) if number % 2 else known.erase(ERASED))
    for number, answer in enumerate(answers):
        if isinstance(answer, RefusalError):
            assert number % 2, "the erasure itself is never refused"
            assert answer.code == code
    assert known.is_erased()
    known.post()
    assert known.is_posted()
    assert known.is_erased()
    known.points.check("alice")


@pytest.mark.parametrize("steps", range(8))
def test_an_erasure_that_dies_at_any_step_is_whole_or_none_and_a_repeat_completes_it(
    known: Known, client: "DynamoDBClient", steps: int
) -> None:
    died = False
    try:
        with mortal(client, Box(), steps):
            known.erase()
    except Died:
        died = True
    assert known.is_erased() is not died
    assert known.erase(ERASED + HOUR) == (ERASED + HOUR if died else ERASED)
    assert known.is_erased()


FAULTS = {
    "reset": RESET_BEFORE,
    "lost": LOST_AFTER,
    "error after": SERVER_ERROR_AFTER,
    "throttled": THROTTLED,
    "conflict": cancelled("TransactionConflict", "None"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK, 3])
def test_an_erasure_whose_write_meets_a_fault_has_one_effect(
    known: Known, calls: Calls, fault: str, sends: int
) -> None:
    calls.fail("TransactWriteItems", *[FAULTS[fault]] * sends)
    assert known.erase() == ERASED
    assert known.is_erased()
    profile = known.points.get(PROFILE, "alice")
    assert profile["version"] == 3  # told, changed by staff, erased: once
    assert known.erase(ERASED + HOUR) == ERASED


@pytest.mark.parametrize("fault", ["reset", "throttled", "conflict"])
def test_an_erasure_that_no_send_brings_through_says_so_and_has_erased_nobody(
    known: Known, calls: Calls, fault: str
) -> None:
    calls.fail("TransactWriteItems", *[FAULTS[fault]] * 1_000)
    with pytest.raises((TryAgainError, ConflictError)):
        known.erase()
    calls.faults.clear()
    assert not known.is_erased()
    assert known.erase(ERASED + HOUR) == ERASED + HOUR


def test_who_has_not_registered_is_not_found_and_gets_no_rows(shop: Shop) -> None:
    with pytest.raises(NotFoundError):
        shop.members.erase("nobody", operator="clerk", at=NOON, deadline=Deadline(20))
    assert shop.tables.client.scan(TableName=shop.settings.members_table)["Items"] == []


def test_more_birthday_changes_than_one_page_lose_their_reasons(
    known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(members, "CHANGES_PAGE_ROWS", 2)
    for number in range(5):
        known.change_birthday(date(1990, 5, 5) if number % 2 else date(1990, 6, 5))
    known.erase()
    changes = [row for row in known.rows() if row["item"].startswith("BIRTHDAY#")]
    assert [row["reason"] for row in changes] == [None] * 6
    assert known.is_erased()
