"""Where members live: profile and standing, and the rows of an account that registration opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from functions.domain import birthdays, calendar, identifiers
from functions.domain.birthdays import Birthday, Kept, LunarBirthday
from functions.domain.errors import ConflictError, NotFoundError, invalid_fields
from functions.domain.lunar import LunarDay
from functions.domain.policy import Policy
from functions.platform.changes import changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.tiers import search
from functions.tiers.qualification import Standing, TierChange, at_registration
from functions.tiers.search import HashPhone

PROFILE = "PROFILE"
STANDING = "STANDING"
TIER_CHANGE = "TIER#"
BIRTHDAY_CHANGE = "BIRTHDAY#"
BIRTHDAYS = "birthdays"
BIRTHDAY_SHARDS = 16
"""Partitions of each month's birthdays: a task of the issuing job works one off."""
CHANGES_PAGE_ROWS = 100
CHANGES_AT_ONCE_MAX = 90
"""Changes of a birthday that are written with an erasure; a transaction has at most 100 actions."""
_NUMBER_DIGITS = 10
CHANGE_POSITION = rf"[0-9]{{{_NUMBER_DIGITS}}}"
"""The form of a birthday change's place among a member's: the version of the profile that it made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a member told us about themselves. ``version`` counts the changes."""

    member_id: str
    name: str
    birthday: Birthday | None
    phone: str | None
    registered_at: datetime
    version: int = 1


Found = tuple[Profile, Standing]
"""A member: what they told, and where they stand."""


def not_registered() -> ConflictError:
    """Return the refusal of what only a registered member can do."""
    return ConflictError("not_registered", "Register first: PUT /members/me.")


def no_member() -> NotFoundError:
    """Return the refusal of staff's question for somebody who has not registered."""
    return NotFoundError("member_not_found", "There is no such member.")


def key(member_id: str, item: str) -> dict[str, str]:
    """Return the key of one of a member's rows."""
    return {"member_id": member_id, "item": item}


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthdayChange:
    """That staff changed a member's birthday, and why; the reason of an erased member is forgotten."""

    changed_at: datetime
    reason: str | None
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberStanding:
    """A member's standing as stored, with what coupons go by; ``version`` counts the changes.

    ``policy_version`` names the policy that the tier was found under: it is found anew when E changes. Who
    was ``erased`` has a standing still, because their orders go their way, and is not registered any more.
    """

    standing: Standing
    policy_version: str
    birthday: Kept
    erased: bool = False
    version: int = 1


def birthday_shard_name(month: int, shard: int) -> str:
    """Return the name of a partition of the index of birthdays: ``02#3``."""
    return f"{month:02}#{shard}"


def lunar_birthday_name(day: LunarDay) -> str:
    """Return the name of the partition of those born on a lunar day: ``L08-15``, in a leap month ``L06+15``.

    The solar month it falls in changes from year to year, the day does not: nothing has to be moved (B6).
    """
    return f"L{day.month:02}{'+' if day.leap else '-'}{day.day:02}"


def birthday_partitions(first: date, shard: int, shards: int) -> list[str]:
    """Return the partitions whose members have their birthday in a month, as far as they are a shard's.

    A month has one partition per shard by the solar calendar, and by the lunar one a partition per day, of
    which each is one shard's as a whole: it is smaller than a solar one.
    """
    return [birthday_shard_name(first.month, shard), *_lunar_birthday_names(first)[shard::shards]]


@lru_cache(maxsize=2)
def _lunar_birthday_names(first: date) -> tuple[str, ...]:
    """Return the partitions of a month's lunar birthdays: a job reads some of them for each of its pages."""
    return tuple(sorted({lunar_birthday_name(day) for day in birthdays.lunar_days_of(first)}))


def standing_of(row: Row) -> Standing:
    """Read a member's standing from its row."""
    return Standing(tier=row["tier"], ever_paid=row["ever_paid"], effective_fen=row["effective_fen"])


def registered_standing_of(row: Row | None) -> Standing | None:
    """Read the standing of a member; None for who has not registered, or was erased."""
    return None if row is None or row.get("erased") else standing_of(row)


def member_standing_of(row: Row) -> MemberStanding:
    """Read a member's standing from its row, with what stands beside it."""
    return MemberStanding(
        standing=standing_of(row),
        policy_version=row["policy_version"],
        birthday=_kept_of(row),
        erased=row.get("erased", False),
        version=row["version"],
    )


def standing_row(member_id: str, held: MemberStanding) -> Row:
    """Write a member's standing as its row; the index of birthdays holds those who ever paid (B1)."""
    row: Row = {
        **key(member_id, STANDING),
        "tier": held.standing.tier,
        "ever_paid": held.standing.ever_paid,
        "effective_fen": held.standing.effective_fen,
        "policy_version": held.policy_version,
        "birth_month": held.birthday.solar_month,
        "version": held.version,
    }
    if held.birthday.lunar_day is not None:
        row["lunar_birthday"] = _lunar_row(held.birthday.lunar_day)
    if held.erased:
        row["erased"] = True
    partition = _birthday_partition(member_id, held.birthday)
    if held.standing.ever_paid and partition is not None:
        row["birthday_shard"] = partition
    return row


def _birthday_partition(member_id: str, birthday: Kept) -> str | None:
    if birthday.lunar_day is not None:
        return lunar_birthday_name(birthday.lunar_day)
    if birthday.solar_month is not None:
        return birthday_shard_name(birthday.solar_month, identifiers.shard(member_id, BIRTHDAY_SHARDS))
    return None


def _kept_of(row: Row) -> Kept:
    """Read what coupons go by; rows from before the lunar calendar have a month only."""
    lunar = row.get("lunar_birthday")
    return Kept(solar_month=row["birth_month"], lunar_day=None if lunar is None else _lunar_day_of(lunar))


def _lunar_row(day: LunarDay) -> Row:
    return {"month": day.month, "day": day.day, "leap": day.leap}


def _lunar_day_of(row: Row) -> LunarDay:
    return LunarDay(month=row["month"], day=row["day"], leap=row["leap"])


def tier_change_row(member_id: str, change: TierChange, posting: int, number: int) -> Row:
    """Write a tier change as its row; ``posting`` and ``number`` order those of the same second."""
    changed_at = calendar.to_row(change.changed_at)
    order = f"{posting:0{_NUMBER_DIGITS}}#{number:0{_NUMBER_DIGITS}}"
    return {
        **key(member_id, f"{TIER_CHANGE}{changed_at}#{order}"),
        "changed_at": changed_at,
        "before": change.before,
        "after": change.after,
        "effective_fen": change.effective_fen,
        "order_id": change.order_id,
    }


def tier_change_of(row: Row) -> TierChange:
    """Read a tier change from its row."""
    return TierChange(
        changed_at=calendar.from_row(row["changed_at"]),
        before=row["before"],
        after=row["after"],
        effective_fen=row["effective_fen"],
        order_id=row["order_id"],
    )


def put_standing(
    transaction: Transaction,
    table: str,
    member_id: str,
    *,
    before: MemberStanding,
    after: MemberStanding,
    alone: bool = False,
) -> None:
    """Add to a transaction that a member's standing, or their birthday beside it, changes.

    Parameters
    ----------
    alone
        Whether it changes without the wallet, which otherwise says when the account changed.
    """
    row = standing_row(member_id, replace(after, version=before.version + 1))
    if alone:
        row |= changed(member_id, transaction.at)
    transaction.put_version(table, row, replaces=before.version)


@dataclass(frozen=True, slots=True)
class Members:
    """The members' profiles and standings.

    ``hash_phone`` is for who writes a profile with a phone: it is found by the hash.
    """

    tables: Tables
    table: str
    hash_phone: HashPhone = search.no_key

    def find(self, member_id: str, deadline: Deadline) -> Found | None:
        """Return a member's profile and standing, or None before registration and after erasure."""
        return found_of(
            *self.tables.batch_get(
                [(self.table, key(member_id, PROFILE)), (self.table, key(member_id, STANDING))], deadline
            )
        )

    def standing(self, member_id: str, deadline: Deadline) -> Standing | None:
        """Return a member's standing, or None before registration and after erasure."""
        (row,) = self.tables.batch_get([(self.table, key(member_id, STANDING))], deadline)
        return registered_standing_of(row)

    def require_known(self, member_id: str, deadline: Deadline) -> None:
        """Refuse to go on about somebody who never registered; the account of who was erased is there still.

        Raises
        ------
        NotFoundError
            ``member_not_found``.
        """
        (standing,) = self.tables.batch_get([(self.table, key(member_id, STANDING))], deadline)
        if standing is None:
            raise no_member()

    def put_profile(
        self,
        told: Profile,
        policy: Policy,
        opening_rows: list[Row],
        deadline: Deadline,
        *,
        named_calendar: str | None = None,
    ) -> tuple[Profile, bool]:
        """Register a member, or replace what they told us; return the profile and whether it is new.

        Registration opens the whole account in one transaction: profile, standing, and ``opening_rows`` of
        the other contexts. A birthday stays when it is not told, and cannot be changed once it is set (B4);
        a calendar that is named without one (``named_calendar``) is that of the birthday which stays (B6).

        Raises
        ------
        InvalidError
            ``invalid_request``: the lunar calendar is named, and there is no birthday.
        ConflictError
            ``birthday_locked``: it was set before and differs. ``member_erased``: nobody comes back under the
            id of somebody who was erased. ``conflict``: too many changes at once.
        """
        return until_clear(
            lambda: self._try_to_put(told, policy, opening_rows, deadline, named_calendar), deadline
        )

    def _try_to_put(
        self,
        told: Profile,
        policy: Policy,
        opening_rows: list[Row],
        deadline: Deadline,
        named_calendar: str | None,
    ) -> tuple[Profile, bool]:
        row = self.tables.get(self.table, key(told.member_id, PROFILE))
        transaction = self.tables.transaction()
        if row is None:
            _check_calendar(told.birthday, named_calendar)
            transaction.put_new(self.table, _profile_row(told))
            held = MemberStanding(
                standing=at_registration(policy),
                policy_version=policy.version,
                birthday=birthdays.kept(told.birthday),
            )
            transaction.put_new(self.table, standing_row(told.member_id, held))
            for opening_row in opening_rows:
                opened = opening_row | changed(told.member_id, transaction.at)
                transaction.put_new(self.table, opened)
            self._put_entries(transaction, told)
            transaction.commit(deadline)
            return told, True
        if _erased_at(row):
            raise ConflictError("member_erased", "This member was erased; register under a new sign-in.")
        known = _profile_of(row)
        profile = _replaced(known, told)
        _check_calendar(profile.birthday, named_calendar)
        if profile != known:
            self._replace(transaction, known, profile)
            transaction.commit(deadline)
        return profile, False

    def patch_profile(
        self,
        member_id: str,
        changes: Mapping[str, Any],
        deadline: Deadline,
        *,
        named_calendar: str | None = None,
    ) -> Profile:
        """Change what a registered member names of their profile, and nothing else (RFC 7396).

        Parameters
        ----------
        changes
            New values by the profile's fields. None takes a phone away; it leaves a birthday that is not set.
        named_calendar
            The calendar that is named without a birthday: that of the one which is set (B6).

        Raises
        ------
        InvalidError
            ``invalid_request``: the lunar calendar is named, and there is no birthday.
        NotFoundError
            ``not_registered``: to change is not to register.
        ConflictError
            ``birthday_locked``: it was set before and differs, or was to be taken away.
        """

        def attempt() -> Profile:
            row = self.tables.get(self.table, key(member_id, PROFILE))
            if row is None or _erased_at(row):
                raise NotFoundError("not_registered", "Register first: PUT /members/me.")
            known = _profile_of(row)
            if "birthday" in changes and changes["birthday"] is None and known.birthday is not None:
                raise _birthday_locked()
            profile = _replaced(known, replace(known, **changes))
            _check_calendar(profile.birthday, named_calendar)
            if profile != known:
                transaction = self.tables.transaction()
                self._replace(transaction, known, profile)
                transaction.commit(deadline)
            return profile

        return until_clear(attempt, deadline)

    def change_birthday(
        self,
        member_id: str,
        birthday: Birthday,
        *,
        reason: str,
        operator: str,
        at: datetime,
        deadline: Deadline,
    ) -> Profile:
        """Change a member's birthday, as only staff can (B4), and keep who did it and why.

        Raises
        ------
        NotFoundError
            ``member_not_found``.
        """

        def attempt() -> Profile:
            row = self.tables.get(self.table, key(member_id, PROFILE))
            if row is None or _erased_at(row):
                raise no_member()
            known = _profile_of(row)
            if birthday == known.birthday:
                return known
            profile = replace(known, birthday=birthday, version=known.version + 1)
            transaction = self.tables.transaction()
            self._replace(transaction, known, profile)
            transaction.put_new(
                self.table,
                {
                    **key(member_id, f"{BIRTHDAY_CHANGE}{profile.version:0{_NUMBER_DIGITS}}"),
                    "reason": reason,
                    "operator": operator,
                    "changed_at": calendar.to_row(at),
                },
            )
            transaction.commit(deadline)
            return profile

        return until_clear(attempt, deadline)

    def erase(self, member_id: str, *, operator: str, at: datetime, deadline: Deadline) -> datetime:
        """Take out of a member's rows who they are, for good; return when that was done first.

        What is left is the account of an id: ledger, coupons, tier changes and orders, with all their sums.

        Raises
        ------
        NotFoundError
            ``member_not_found``.
        """

        def attempt() -> datetime:
            profile = self.tables.get(self.table, key(member_id, PROFILE))
            standing = self.tables.get(self.table, key(member_id, STANDING))
            if profile is None or standing is None:  # they are written together
                raise no_member()
            erased_at = _erased_at(profile)
            if erased_at is not None:
                return erased_at
            transaction = self.tables.transaction()
            transaction.put_version(
                self.table,
                {
                    **key(member_id, PROFILE),
                    "version": profile["version"] + 1,
                    "erased_at": calendar.to_row(at),
                    "operator": operator,
                },
                replaces=profile["version"],
            )
            before = member_standing_of(standing)
            after = replace(before, birthday=Kept(), erased=True)
            put_standing(transaction, self.table, member_id, before=before, after=after, alone=True)
            for row in search.emptied(member_id):
                transaction.put(self.table, row)
            self._forget_reasons(transaction, member_id)
            transaction.commit(deadline)
            return at

        return until_clear(attempt, deadline)

    def tier_history(
        self, member_id: str, *, limit: int, after: str | None
    ) -> tuple[list[TierChange], str | None]:
        """Return a page of a member's tier changes, newest first, and the position to go on after (T5)."""
        rows, more = self.tables.query(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", TIER_CHANGE),
            limit=limit,
            after=None if after is None else key(member_id, TIER_CHANGE + after),
        )
        position = str(rows[-1]["item"]).removeprefix(TIER_CHANGE) if more else None
        return [tier_change_of(row) for row in rows], position

    def birthday_changes(
        self, member_id: str, *, limit: int, after: str | None
    ) -> tuple[list[BirthdayChange], str | None]:
        """Return a page of staff's changes of a birthday, newest first, and where to go on after it (B4)."""
        rows, more = self.tables.query(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", BIRTHDAY_CHANGE),
            limit=limit,
            after=None if after is None else key(member_id, BIRTHDAY_CHANGE + after),
        )
        position = str(rows[-1]["item"]).removeprefix(BIRTHDAY_CHANGE) if more else None
        return [_birthday_change_of(row) for row in rows], position

    def _forget_reasons(self, transaction: Transaction, member_id: str) -> None:
        """Take out why a birthday was changed: staff may have written it there. That it was changed stays."""
        changes = self.tables.query_all(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", BIRTHDAY_CHANGE),
            page=CHANGES_PAGE_ROWS,
        )
        told = [{**row, "reason": None} for row in changes if row["reason"] is not None]
        for row in told[CHANGES_AT_ONCE_MAX:]:  # so many that one transaction does not hold them
            self.tables.put(self.table, row)
        for row in told[:CHANGES_AT_ONCE_MAX]:
            transaction.put_over(self.table, row)

    def _replace(self, transaction: Transaction, known: Profile, profile: Profile) -> None:
        """Add that a profile changes, and that another birthday stands beside the standing (B2, B6)."""
        transaction.put_version(self.table, _profile_row(profile), replaces=known.version)
        self._put_entries(transaction, profile, phone_before=known.phone)
        if birthdays.kept(profile.birthday) != birthdays.kept(known.birthday):
            row = self.tables.get(self.table, key(known.member_id, STANDING))
            if row is None:  # they are written together
                raise no_member()
            before = member_standing_of(row)
            after = replace(before, birthday=birthdays.kept(profile.birthday))
            put_standing(transaction, self.table, known.member_id, before=before, after=after, alone=True)

    def _put_entries(
        self, transaction: Transaction, profile: Profile, phone_before: str | None = None
    ) -> None:
        """Add the rows that a member is found by; both, since a profile of before may have neither."""
        transaction.put(self.table, search.name_entry(profile.member_id, profile.name))
        if profile.phone is not None or phone_before is not None:
            entry = search.phone_entry(profile.member_id, profile.phone, self.hash_phone)
            transaction.put(self.table, entry)


def found_of(profile: Row | None, standing: Row | None) -> Found | None:
    """Read a member from their profile and standing; None before registration and after erasure."""
    if profile is None or standing is None or _erased_at(profile):  # they are written together
        return None
    return _profile_of(profile), standing_of(standing)


def _birthday_change_of(row: Row) -> BirthdayChange:
    return BirthdayChange(
        changed_at=calendar.from_row(row["changed_at"]), reason=row["reason"], operator=row["operator"]
    )


def _birthday_locked() -> ConflictError:
    return ConflictError("birthday_locked", "A birthday can be entered once; only staff can change it.")


def _check_calendar(birthday: Birthday | None, named: str | None) -> None:
    """Refuse a calendar that was named without a birthday, where it is not that of the one there is (B6)."""
    if named in (None, birthdays.calendar_of(birthday)):
        return
    if birthday is None:
        raise invalid_fields(("birthday_calendar", "goes with a birthday"))
    raise _birthday_locked()


def _erased_at(row: Row) -> datetime | None:
    return calendar.from_row(row["erased_at"]) if "erased_at" in row else None


def _replaced(known: Profile, told: Profile) -> Profile:
    """Return the profile after the member told us this; the version stays if nothing changes."""
    birthday = known.birthday if told.birthday is None else told.birthday
    if known.birthday is not None and birthday != known.birthday:
        raise _birthday_locked()
    if (told.name, birthday, told.phone) == (known.name, known.birthday, known.phone):
        return known
    return replace(known, name=told.name, birthday=birthday, phone=told.phone, version=known.version + 1)


def _profile_of(row: Row) -> Profile:
    return Profile(
        member_id=row["member_id"],
        name=row["name"],
        birthday=_birthday_of(row["birthday"]),
        phone=row["phone"],
        registered_at=calendar.from_row(row["registered_at"]),
        version=row["version"],
    )


def _birthday_of(told: str | Row | None) -> Birthday | None:
    if isinstance(told, dict):
        return LunarBirthday(day=_lunar_day_of(told), year=told["year"])
    try:
        return date.fromisoformat(told) if told else None
    except ValueError:
        raise ValueError("a birthday on a row is no date") from None  # the cause would say what it is


def _birthday_row(birthday: Birthday | None) -> str | Row | None:
    """Write a birthday: text by the solar calendar, a map by the lunar one."""
    if isinstance(birthday, LunarBirthday):
        return {**_lunar_row(birthday.day), "year": birthday.year}
    return None if birthday is None else birthday.isoformat()


def _profile_row(profile: Profile) -> Row:
    return {
        **key(profile.member_id, PROFILE),
        "version": profile.version,
        "name": profile.name,
        "birthday": _birthday_row(profile.birthday),
        "phone": profile.phone,
        "registered_at": calendar.to_row(profile.registered_at),
    }
