"""Where members live: profile and standing, and the rows of an account that registration opens."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from functions.domain import calendar
from functions.domain.errors import ConflictError
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, until_clear
from functions.tiers.qualification import Standing, at_registration

PROFILE = "PROFILE"
STANDING = "STANDING"
TIER_CHANGE = "TIER#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a member told us about themselves. ``version`` counts the changes."""

    member_id: str
    name: str
    birthday: date | None
    phone: str | None
    registered_at: datetime
    version: int = 1


def not_registered() -> ConflictError:
    """Return the refusal of what only a registered member can do."""
    return ConflictError("not_registered", "Register first: PUT /members/me.")


def key(member_id: str, item: str) -> dict[str, str]:
    """Return the key of one of a member's rows."""
    return {"member_id": member_id, "item": item}


def standing_of(row: Row) -> Standing:
    """Read a member's standing from its row."""
    return Standing(tier=row["tier"], ever_paid=row["ever_paid"], effective_fen=row["effective_fen"])


def standing_row(member_id: str, standing: Standing) -> Row:
    """Write a member's standing as its row."""
    return {
        **key(member_id, STANDING),
        "tier": standing.tier,
        "ever_paid": standing.ever_paid,
        "effective_fen": standing.effective_fen,
    }


@dataclass(frozen=True, slots=True)
class Members:
    """The members' profiles and standings."""

    tables: Tables
    table: str

    def find(self, member_id: str, deadline: Deadline) -> tuple[Profile, Standing] | None:
        """Return a member's profile and standing, or None before registration."""
        profile, standing = self.tables.batch_get(
            [(self.table, key(member_id, PROFILE)), (self.table, key(member_id, STANDING))], deadline
        )
        if profile is None or standing is None:  # they are written together
            return None
        return _profile_of(profile), standing_of(standing)

    def put_profile(
        self,
        told: Profile,
        policy: Policy,
        opening_rows: list[Row],
        deadline: Deadline,
    ) -> tuple[Profile, bool]:
        """Register a member, or replace what they told us; return the profile and whether it is new.

        Registration opens the whole account in one transaction: profile, standing, and ``opening_rows`` of
        the other contexts. A birthday stays when it is not told, and cannot be changed once it is set (B4).

        Raises
        ------
        ConflictError
            ``birthday_locked``: it was set before and differs. ``conflict``: too many changes at once.
        """
        return until_clear(lambda: self._try_to_put(told, policy, opening_rows, deadline), deadline)

    def _try_to_put(
        self, told: Profile, policy: Policy, opening_rows: list[Row], deadline: Deadline
    ) -> tuple[Profile, bool]:
        row = self.tables.get(self.table, key(told.member_id, PROFILE))
        transaction = self.tables.transaction()
        if row is None:
            transaction.put_new(self.table, _profile_row(told))
            transaction.put_new(self.table, standing_row(told.member_id, at_registration(policy)))
            for opening_row in opening_rows:
                transaction.put_new(self.table, opening_row)
            transaction.commit(deadline)
            return told, True
        known = _profile_of(row)
        profile = _replaced(known, told)
        if profile != known:
            transaction.put_version(self.table, _profile_row(profile), replaces=known.version)
            transaction.commit(deadline)
        return profile, False


def _replaced(known: Profile, told: Profile) -> Profile:
    """Return the profile after the member told us this; the version stays if nothing changes."""
    birthday = known.birthday if told.birthday is None else told.birthday
    if known.birthday is not None and birthday != known.birthday:
        raise ConflictError("birthday_locked", "A birthday can be entered once; only staff can change it.")
    if (told.name, birthday, told.phone) == (known.name, known.birthday, known.phone):
        return known
    return replace(known, name=told.name, birthday=birthday, phone=told.phone, version=known.version + 1)


def _profile_of(row: Row) -> Profile:
    return Profile(
        member_id=row["member_id"],
        name=row["name"],
        birthday=date.fromisoformat(row["birthday"]) if row["birthday"] else None,
        phone=row["phone"],
        registered_at=calendar.from_row(row["registered_at"]),
        version=row["version"],
    )


def _profile_row(profile: Profile) -> Row:
    return {
        **key(profile.member_id, PROFILE),
        "version": profile.version,
        "name": profile.name,
        "birthday": profile.birthday.isoformat() if profile.birthday else None,
        "phone": profile.phone,
        "registered_at": calendar.to_row(profile.registered_at),
    }
