"""How cases stand in their table, with the keys of the indexes that find them."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from functions.cases.case import (
    Actor,
    Case,
    CaseKind,
    CaseLine,
    CaseReason,
    CaseState,
    FreightDue,
    OpenCase,
    Parcel,
    Settlement,
    Step,
)
from functions.domain import calendar, identifiers
from functions.domain.records import plain, read_as
from functions.platform.dynamo import Row

CASE_ID = r"cas_[a-z2-7]{26}"
CASE = "CASE"
BY_DEADLINE = "cases_by_deadline"
BY_MEMBER = "cases_by_member"
DUE = "cases_due"
DUE_SHARDS = 4
"""Partitions of due work, and tasks of a run."""
POSITION = rf"[0-9TZ:-]{{20}}#{CASE_ID}"
"""Where a case stands in a list: by its deadline or by when it was opened, and then by its id."""
_NAMES = tuple(each.name for each in fields(Case))
_TIMES = ("opened_at", "deadline")


def key(case_id: str) -> dict[str, str]:
    """Return the key of a case's row."""
    return {"case_id": case_id, "item": CASE}


def position(moment: datetime, case_id: str) -> str:
    """Return where a case stands in a list that goes by this moment."""
    return f"{calendar.to_row(moment)}#{case_id}"


def due_partition(shard: int) -> str:
    """Return the partition of the index of cases to which something happens by itself."""
    return f"cases#{shard}"


def case_row(case: Case) -> Row:
    """Write a case as its row; what has not happened to it is left out.

    Staff's list has it by its deadline, or, once it is over, by when that was.
    """
    row: Row = plain(case)
    row |= {name: read_as(calendar.to_row, row[name]) for name in _TIMES}
    row["history"] = [_step_row(step) for step in case.history]
    row["lines"] = [_given(line) for line in row["lines"]]
    row["freight"] = [_given(each) for each in row["freight"]] or None
    row["settlement"] = read_as(_given, row["settlement"])
    row = {name: value for name, value in row.items() if value is not None}
    moment = case.deadline or case.history[-1].at
    row |= {"listed": case.state.value, "listed_at": position(moment, case.case_id)}
    row["opened_key"] = position(case.opened_at, case.case_id)
    if case.due_at is not None:
        row["due"] = due_partition(identifiers.shard(case.case_id, DUE_SHARDS))
        row["due_at"] = calendar.to_row(case.due_at)
    return {**key(case.case_id), **row}


def case_of(row: Row) -> Case:
    """Read a case from its row."""
    told: dict[str, Any] = {name: row[name] for name in _NAMES if name in row}
    told |= {name: calendar.from_row(told[name]) for name in _TIMES if name in told}
    return Case(
        **{
            "text": None,
            **told,
            "kind": CaseKind(row["kind"]),
            "state": CaseState(row["state"]),
            "reason": read_as(CaseReason, row.get("reason")),
            "lines": tuple(CaseLine(**line) for line in row["lines"]),
            "history": tuple(map(_step_of, row["history"])),
            "parcel": read_as(lambda parcel: Parcel(**parcel), row.get("parcel")),
            "freight": tuple(FreightDue(**each) for each in row.get("freight", ())),
            "settlement": read_as(lambda with_: Settlement(**with_), row.get("settlement")),
        }
    )


def open_case_row(case: OpenCase) -> Row:
    """Write what an order's row keeps of an open case."""
    row: Row = plain(case) | {"ends_at": read_as(calendar.to_row, case.ends_at)}
    return {name: value for name, value in row.items() if value is not None and value is not False}


def open_case_of(row: Row) -> OpenCase:
    """Read what an order's row keeps of an open case."""
    return OpenCase(
        case_id=row["case_id"],
        kind=CaseKind(row["kind"]),
        units=tuple(row["units"]),
        ends_at=read_as(calendar.from_row, row.get("ends_at")),
        refused=row.get("refused", False),
    )


def _given(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _step_row(step: Step) -> Row:
    return _given(plain(step) | {"at": calendar.to_row(step.at)})


def _step_of(row: Row) -> Step:
    told = row | {
        "at": calendar.from_row(row["at"]),
        "by": Actor(row["by"]),
        "state": CaseState(row["state"]),
    }
    return Step(**told)
