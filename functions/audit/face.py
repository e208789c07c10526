"""Face: what staff did, for admins (K7)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema

from functions.audit.records import POSITION, Records
from functions.audit.schema import RecordAnswer, record_answer
from functions.domain.errors import NotFoundError, invalid_fields
from functions.domain.identifiers import CALLER_ID, MEMBER_ID_LENGTH_MAX, PATH_ID
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Cursor, Limit, Path, Query
from functions.platform.reports import REPORTS
from functions.platform.roles import Role
from functions.platform.shapes import DATE, Page
from functions.platform.trail import SUBJECTS

AUDIT = "audit"
AUDIT_ID = r"aud_[0-9a-f]{32}"
Subject = Annotated[
    str | None,
    StringConstraints(pattern=f"^{CALLER_ID}$"),
    Query(description="Only what is about this."),
]
Operator = Annotated[
    str | None,
    StringConstraints(pattern=f"^{PATH_ID}$", max_length=MEMBER_ID_LENGTH_MAX),
    Query(description="Only what they did: the subject of a token."),
]
NO_DAY = "must be a day such as 2026-12-10"


def _day(value: Any) -> Any:
    """Read a day of the calendar."""
    if not isinstance(value, str) or re.fullmatch(DATE, value, re.ASCII) is None:
        raise ValueError(NO_DAY)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(NO_DAY) from None


DayQuery = Annotated[
    date | None,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-10"]}),
    Query(alias="date", description="Only what was done on this day of the store."),
]
AuditIdPath = Annotated[
    str,
    StringConstraints(pattern=f"^{PATH_ID}$", max_length=MEMBER_ID_LENGTH_MAX),
    WithJsonSchema({"type": "string", "pattern": f"^{AUDIT_ID}$"}),
    Path(description="The record's id."),
]


NOT_ONE = f"exactly one of {', '.join((*SUBJECTS, 'operator', 'date'))} must be given"


@dataclass(frozen=True, slots=True)
class AuditFace:
    """What staff did, and whom they looked at."""

    api: Api
    records: Records
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "GET",
        "/audit",
        summary="See what staff did",
        who=Who.STAFF,
        roles=REPORTS["audit"].roles,
        refuses={400: ["invalid_cursor"]},
    )
    def get_audit(
        self,
        member_id: Subject = None,
        order_id: Subject = None,
        sku: Subject = None,
        campaign_id: Subject = None,
        template_id: Subject = None,
        case_id: Subject = None,
        payment_id: Subject = None,
        refund_id: Subject = None,
        job: Subject = None,
        report: Subject = None,
        operator: Operator = None,
        day: DayQuery = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[RecordAnswer]:
        """List what was done, newest first, by exactly one thing: what it was about, who did it, or the day.

        Each write that somebody did as staff, each look of theirs at a member's page, each export of a
        report, and each time that somebody took out what there is of a member. A record is there a moment
        after what it is of.
        """
        told = {
            "member_id": member_id,
            "order_id": order_id,
            "sku": sku,
            "campaign_id": campaign_id,
            "template_id": template_id,
            "case_id": case_id,
            "payment_id": payment_id,
            "refund_id": refund_id,
            "job": job,
            "report": report,
            "operator": operator,
            "date": None if day is None else day.isoformat(),
        }
        given = [(name, value) for name, value in told.items() if value is not None]
        if len(given) != 1:
            raise invalid_fields(("query", NOT_ONE))
        ((name, value),) = given
        places = Cursors(f"{AUDIT} {name} {value}", self.api.caller.member_id, POSITION)
        match name:
            case "operator":
                find = partial(self.records.by_operator, value)
            case "date":
                find = partial(self.records.of_day, value)
            case _:
                find = partial(self.records.about, name, value)
        found, position = find(
            self.clock(), limit=limit, after=places.read(cursor), deadline=self.api.deadline
        )
        return Page(
            items=[record_answer(each, self.policy) for each in found], next_cursor=places.write(position)
        )

    @route(
        "GET",
        "/audit/<audit_id>",
        summary="See a record of what staff did",
        who=Who.STAFF,
        roles=Role.ADMIN,
        refuses={404: ["audit_record_not_found"]},
    )
    def get_audit_record(self, audit_id: AuditIdPath) -> RecordAnswer:
        """Show one record."""
        found = self.records.find(audit_id, self.clock(), self.api.deadline)
        if found is None:
            raise NotFoundError("audit_record_not_found", "There is no such record.")
        return record_answer(found, self.policy)
