"""How refunds and transfers stand on rows of the payments' table, beside what they are of (Y6, Y7)."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.records import plain, read_as
from functions.platform.dynamo import Row
from functions.refunds.refund import ByHand, Refund, Sent, State, Transfer

REFUND = "REFUND#"
TRANSFER = "TRANSFER#"
REFUNDS = "refunds"
"""The kind of due work."""
DUE_SHARDS = 4
LISTED = "refunds_listed"
"""The index of refunds that somebody has to do something about, by what is to be done."""
_REFUND_NAMES = tuple(each.name for each in fields(Refund))
_TRANSFER_NAMES = tuple(each.name for each in fields(Transfer))
_TRANSFER_TIMES = ("made_at", "first_sent_at", "last_sent_at", "due_at", "provider_at")


def refund_key(subject: str, refund_id: str) -> dict[str, str]:
    """Return the key of a refund's row."""
    return {"subject": subject, "item": REFUND + refund_id}


def due_of(subject: str) -> str:
    """Return the partition of the index of due work that a subject's refunds are in."""
    return f"{REFUNDS}#{identifiers.shard(subject, DUE_SHARDS)}"


def refund_row(refund: Refund, *, due_at: str | None = None) -> Row:
    """Write a refund as its row; one that waits to be sent is due from when it was made, or later."""
    row: Row = plain(refund)
    row["made_at"] = calendar.to_row(refund.made_at)
    row["by_hand"] = None if refund.by_hand is None else _by_hand_row(refund.by_hand)
    row = {name: value for name, value in row.items() if value is not None}
    row = {name: value for name, value in row.items() if name not in ("doubled", "covered") or value}
    if refund.state is State.DUE and refund.transfer is None:
        row |= {"due": due_of(refund.subject), "due_at": due_at or row["made_at"]}
    if refund.state in (State.MANUAL, State.FAILED):
        row["listed"] = refund.state.value
    if refund.doubled:
        row["told"] = "yes"
    return {**refund_key(refund.subject, refund.refund_id), **row}


def refund_of(row: Row) -> Refund:
    """Read a refund from its row."""
    told: Mapping[str, Any] = {name: row[name] for name in _REFUND_NAMES if name in row}
    return Refund(
        **{
            **told,
            "state": State(row["state"]),
            "made_at": calendar.from_row(row["made_at"]),
            "by_hand": read_as(_by_hand_of, row.get("by_hand")),
        }
    )


def _by_hand_row(by_hand: ByHand) -> Row:
    return plain(by_hand) | {"at": calendar.to_row(by_hand.at)}


def _by_hand_of(row: Row) -> ByHand:
    return ByHand(**{**row, "at": calendar.from_row(row["at"])})


def transfer_key(subject: str, place: int) -> dict[str, str]:
    """Return the key of a transfer's row."""
    return {"subject": subject, "item": f"{TRANSFER}{place:02}"}


def transfer_row(transfer: Transfer) -> Row:
    """Write a transfer as its row; one that is under way is due."""
    row: Row = plain(transfer)
    row |= {name: read_as(calendar.to_row, row[name]) for name in _TRANSFER_TIMES}
    row = {name: value for name, value in row.items() if value is not None}
    if transfer.due_at is not None:
        row["due"] = due_of(transfer.subject)
    return {**transfer_key(transfer.subject, transfer.place), **row}


def transfer_of(row: Row) -> Transfer:
    """Read a transfer from its row."""
    told = {name: row[name] for name in _TRANSFER_NAMES if name in row}
    told |= {name: calendar.from_row(told[name]) for name in _TRANSFER_TIMES if name in told}
    return Transfer(**{**told, "state": Sent(row["state"])})
