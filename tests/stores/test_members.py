"""Registration and profiles."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from functions.domain.errors import ConflictError, RefusalError
from functions.platform.deadline import Deadline
from functions.points.accounts import opening_row
from functions.tiers.members import Profile
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, Calls, Fault
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

ALICE = Profile(member_id="alice", name="Alice", birthday=None, phone=None, registered_at=NOON)


def put(shop: Shop, told: Profile) -> tuple[Profile, bool]:
    """Register, or change what a member told us."""
    return shop.members.put_profile(told, shop.policy, [opening_row(told.member_id)], Deadline(20))


def test_registration_opens_profile_standing_and_wallet_together(shop: Shop, deadline: Deadline) -> None:
    assert put(shop, ALICE) == (ALICE, True)
    found = shop.members.find("alice", deadline)
    assert found is not None
    assert (found[0], found[1].tier) == (ALICE, "J0")
    assert shop.accounts.wallet("alice") is not None


def test_nobody_is_found_before_registration(shop: Shop, deadline: Deadline) -> None:
    assert shop.members.find("alice", deadline) is None
    assert shop.accounts.wallet("alice") is None


def test_name_and_phone_are_replaced_and_an_omitted_birthday_stays(shop: Shop) -> None:
    put(shop, replace(ALICE, birthday=date(1990, 5, 5), phone="1"))
    profile, new = put(shop, replace(ALICE, name="Alicia"))
    assert not new
    assert (profile.name, profile.birthday, profile.phone) == ("Alicia", date(1990, 5, 5), None)
    assert profile.registered_at == NOON


@pytest.mark.parametrize(
    "change", [{"name": "Alicia"}, {"birthday": date(1990, 5, 5)}, {"phone": "2"}, {"phone": None}]
)
def test_a_single_thing_that_a_member_tells_anew_is_replaced(
    shop: Shop, deadline: Deadline, change: dict[str, Any]
) -> None:
    known, _ = put(shop, replace(ALICE, phone="1"))
    told = replace(known, **change)
    assert put(shop, told) == (replace(told, version=known.version + 1), False)
    found = shop.members.find("alice", deadline)
    assert found is not None
    assert found[0] == replace(told, version=known.version + 1)


def test_B4_a_birthday_can_be_entered_once(shop: Shop) -> None:
    put(shop, ALICE)
    put(shop, replace(ALICE, birthday=date(1990, 5, 5)))
    put(shop, replace(ALICE, birthday=date(1990, 5, 5)))
    with pytest.raises(ConflictError) as refused:
        put(shop, replace(ALICE, birthday=date(1990, 5, 6)))
    assert refused.value.code == "birthday_locked"


def test_telling_the_same_again_writes_nothing(shop: Shop, calls: Calls) -> None:
    put(shop, ALICE)
    before = len(calls.sent)
    put(shop, ALICE)
    assert calls.sent[before:] == ["GetItem"]


def test_registering_many_times_at_once_registers_once(shop: Shop) -> None:
    results = at_once(12, lambda _: put(shop, ALICE))
    assert sum(not isinstance(each, RefusalError) and each[1] for each in results) == 1


def test_two_birthdays_at_once_leave_one(shop: Shop, deadline: Deadline) -> None:
    put(shop, ALICE)
    results = at_once(8, lambda n: put(shop, replace(ALICE, birthday=date(1990, 5, 1 + n))))
    kept = [each for each in results if not isinstance(each, RefusalError)]
    assert len(kept) == 1
    found = shop.members.find("alice", deadline)
    assert found is not None
    assert found[0].birthday == kept[0][0].birthday


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER])
def test_a_registration_whose_answer_is_lost_is_found_by_the_retry(
    shop: Shop, calls: Calls, fault: Fault
) -> None:
    calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK)
    put(shop, ALICE)
    assert shop.accounts.wallet("alice") is not None
