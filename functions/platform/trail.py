"""The trail: what is written down of each write by staff, as one action of the write's own transaction (K7).

The HTTP face says who asks for what, and the store adds a record to each transaction that is committed
meanwhile: so no route can forget it, and no record is of what did not happen. A record says who did what to
which order, member or product. Of what was sent it has the names of the fields, and the values of those that
say nothing of a person.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from functions.domain import calendar
from functions.domain.identifiers import is_order_id, shard

RECORD, ADDRESS = "RECORD", "ADDRESS"
"""The rows of a record: what was done, and from where."""
RECORD_KEPT_DAYS = 3 * 365 + 1
ADDRESS_KEPT_DAYS = 90
ACTIONS_OF_A_RECORD = 2
"""What a record adds to a transaction."""
SHARDS = 8
"""Rows of an index that one busy day, or one busy service, is spread over."""
VALUES_CHARACTERS_MAX = 2_000
TEXT_CHARACTERS_MAX = 256
"""Of a single value, and of whatever else comes from a request."""
NAMES_MAX = 64
SHOWN_MAX = 100
"""The members of a page (the API's own limit)."""

SUBJECTS = MappingProxyType(
    {
        "member_id": "of_member",
        "order_id": "of_order",
        "sku": "of_thing",
        "campaign_id": "of_thing",
        "case_id": "of_thing",
        "job": "of_thing",
        "template_id": "of_other",
        "payment_id": "of_other",
        "refund_id": "of_other",
    }
)
"""What a record can be about, and the index by which it is found so. No operation has two of one index."""
KEYS = (
    "request_id",
    "movement_id",
    "adjustment_id",
    "payment_id",
    "return_id",
    "cancel_id",
    "batch_id",
    "issue_id",
)
"""The fields of a request under which it counts once (R1)."""
PLAIN = frozenset(
    {
        *KEYS,
        *("order_id", "member_id", "template_id", "line_id", "sku", "skus", "except_skus"),
        *("lines", "items", "quantity", "units", "campaign"),
        *(
            "all",
            "zone",
            "scope",
            "group",
            "kind",
            "status",
            "tiers",
            "tier",
            "stacks",
            "exclusive",
            "claimable",
        ),
        *("amount_fen", "budget_fen", "face_value_fen", "from_fen", "max_off_fen", "min_fen", "off_fen"),
        *("price_fen", "return_shipping_fen", "points", "rate", "count", "limit", "limits", "orders"),
        *("delta", "low_stock_threshold", "stock_rows", "member_zone", "no_reason", "for_complaints"),
        *(
            "starts_at",
            "ends_at",
            "valid",
            "from",
            "until",
            "days",
            "terms",
            "steps",
            "repeat",
            "total",
            "at",
        ),
        *("per_member", "with_coupons", "with_points", "provider", "method", "received", "accepted"),
    }
)
"""Fields of bodies whose values a record has: ids, amounts, choices, times of the shop's own doing."""
KEYED = frozenset({"items"})
"""Plain fields whose members are called after ids, and not after fields."""
PERSONAL = frozenset(
    {
        *("name", "phone", "name_prefix", "payer"),
        *("birthday", "birthday_calendar", "year", "month", "day", "leap"),
        *("reason", "text", "reference", "carrier", "tracking_no", "code", "cursor", "toml"),
    }
)
"""Fields of which a record says only that they were sent: what is of a person, or what people write freely,
a secret that somebody holds with it. What is in neither table stands in no record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """Who asks for what: all that the records of one request have in common.

    ``key`` is what the request counts once by, ``ids`` are those of its path.
    """

    table: str
    zone: ZoneInfo
    operation: str
    route: str
    operator: str
    service: bool
    roles: Sequence[str]
    ids: Mapping[str, str]
    request_id: str
    address: str
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> tuple[str, str] | None:
        """The field under which the request counts once, and its value; none for most."""
        found = ((name, self.body.get(name)) for name in KEYS)
        return next(((name, value) for name, value in found if isinstance(value, str)), None)

    def rows(self, actions: Sequence[Any], at: datetime) -> list[dict[str, Any]]:
        """Return the rows of the record of a transaction with these actions: what was done, from where.

        Its id follows from what the request counts once by, and from the rows that are new, or whose versions
        are replaced: each of these comes to be once. A transaction that has none of them is told apart by the
        gateway's id of the request.
        """
        once = sorted(filter(None, map(_once, actions)))
        same = once or [self.request_id, *sorted(map(_written_out, actions))]
        audit_id = self.id_of(list(self.key or ()), same)
        said = {
            "request_key": None if self.key is None else self.key[1],
            "fields": sorted(set(_names(self.body)))[:NAMES_MAX],
            "values": _values(self.body),
        }
        return self._rows(audit_id, at, _subjects(self.ids, self.body, actions), said)

    def rows_of_look(
        self, at: datetime, *, shown: Sequence[str], searched_by: str | None
    ) -> list[dict[str, Any]]:
        """Return the rows of the record of a look at members: whose, and how they were found."""
        subjects = {name: value for name, value in self.ids.items() if name in SUBJECTS}
        if len(shown) == 1:
            subjects["member_id"] = shown[0]
        said: dict[str, Any] = {"request_key": None, "fields": [], "values": "{}"}
        if searched_by is not None:
            said |= {"searched_by": searched_by, "shown": list(shown[:SHOWN_MAX])}
        return self._rows(self.id_of([], [self.request_id]), at, subjects, said)

    def id_of(self, key: Sequence[str], same: Sequence[str]) -> str:
        """Return a record's id: the same for the same write of the same request."""
        parts = [self.operation, dict(sorted(self.ids.items())), key, same]
        return "aud_" + hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def _rows(
        self, audit_id: str, at: datetime, subjects: Mapping[str, str], said: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        part = shard(audit_id, SHARDS)
        record = {
            "audit_id": audit_id,
            "item": RECORD,
            "at": calendar.to_row(at),
            "operator": self.operator,
            "service": self.service,
            "roles": list(self.roles),
            "operation": self.operation,
            "route": self.route,
            "subjects": dict(subjects),
            "request_id": self.request_id,
            **said,
            "placed": f"{calendar.to_row(at)}#{audit_id}",
            "day_shard": f"{at.astimezone(self.zone).date().isoformat()}#{part}",
            "operator_shard": f"{self.operator}#{part}",
            **{SUBJECTS[name]: f"{name}#{value}" for name, value in subjects.items()},
            "expires_at": _days_after(at, RECORD_KEPT_DAYS),
        }
        address = {
            "audit_id": audit_id,
            "item": ADDRESS,
            "address": self.address,
            "expires_at": _days_after(at, ADDRESS_KEPT_DAYS),
        }
        return [record, address]


_FOLLOWED: ContextVar[Trail | None] = ContextVar("followed", default=None)
"""The trail of the request that is being served, while whatever it writes is to be recorded."""


def followed() -> Trail | None:
    """Return the trail to which what is written now adds records; None where nobody's writes are recorded."""
    return _FOLLOWED.get()


@contextmanager
def following(trail: Trail | None) -> Iterator[None]:
    """Have every transaction that is committed meanwhile leave a record; with None, none does."""
    turn = _FOLLOWED.set(trail)
    try:
        yield
    finally:
        _FOLLOWED.reset(turn)


@contextmanager
def kept_out() -> Iterator[None]:
    """Have what is written meanwhile leave no record: a store's own housekeeping, which states no fact."""
    with following(None):
        yield


def _days_after(at: datetime, days: int) -> int:
    """Return when a row goes, as DynamoDB reads it: in seconds since 1970."""
    return int((at.astimezone(UTC) + timedelta(days=days)).timestamp())


def _once(action: Mapping[str, Any]) -> str | None:
    """Name what a put makes once: a new row, or the version that replaces another; None for what is neither.

    The first attribute of a row that the store puts on a condition is its partition key.
    """
    put = action.get("Put")
    if put is None:
        return None
    item, condition = put["Item"], put.get("ConditionExpression", "")
    first = next(iter(item))
    key = [put["TableName"], *item[first].values(), *item["item"].values()]
    if condition == f"attribute_not_exists(#{first})":
        return json.dumps(key)
    if condition == "#version = :replaces":
        return json.dumps([*key, *item["version"].values()])
    return None


def _written_out(action: Mapping[str, Any]) -> str:
    return json.dumps(action, sort_keys=True, default=str)


def _subjects(ids: Mapping[str, str], body: Mapping[str, Any], actions: Sequence[Any]) -> dict[str, str]:
    """Return what a write is about, by what the path says, the body, and the order that is written."""
    found = {name: value for name, value in ids.items() if name in SUBJECTS}
    told = {name: body[name] for name in SUBJECTS if isinstance(body.get(name), str)}
    return {name: value[:TEXT_CHARACTERS_MAX] for name, value in (_of_order(actions) | told | found).items()}


def _of_order(actions: Sequence[Any]) -> dict[str, str]:
    """Return the order that is written, and whose it is, where there is one."""
    for action in actions:
        item = action.get("Put", {}).get("Item", {})
        order_id, member_id = (item.get(name, {}).get("S", "") for name in ("order_id", "member_id"))
        if is_order_id(order_id) and member_id:
            return {"order_id": order_id, "member_id": member_id}
    return {}


def _names(body: Any) -> Iterator[str]:
    """Give the names of all fields that a body has, however deep, as far as the tables know them."""
    if isinstance(body, Mapping):
        for name, value in body.items():
            if name in PLAIN or name in PERSONAL:
                yield name
                yield from _names(_members(name, value))
    elif isinstance(body, list):
        for each in body:
            yield from _names(each)


def _members(name: str, value: Any) -> Any:
    """Return what stands in a field, without what it is called there if that is no field's name."""
    return list(value.values()) if name in KEYED and isinstance(value, Mapping) else value


def _plain(body: Any) -> Any:
    """Return what of a body says nothing of a person."""
    if isinstance(body, Mapping):
        return {
            name: {key: _plain(each) for key, each in value.items()}
            if name in KEYED and isinstance(value, Mapping)
            else _plain(value)
            for name, value in body.items()
            if name in PLAIN
        }
    if isinstance(body, list):
        return [_plain(each) for each in body]
    return body[:TEXT_CHARACTERS_MAX] if isinstance(body, str) else body


def _values(body: Mapping[str, Any]) -> str:
    """Return the values of a body's plain fields as JSON; of a large body those that stand by themselves."""
    plain = _plain(body)
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= VALUES_CHARACTERS_MAX:
        return text
    alone = {name: value for name, value in plain.items() if not isinstance(value, dict | list)}
    text = json.dumps(alone, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= VALUES_CHARACTERS_MAX else "{}"
