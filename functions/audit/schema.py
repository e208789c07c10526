"""What the audit's API answers."""

from typing import Any

from pydantic import Field

from functions.audit.records import Record
from functions.domain.policy import Policy
from functions.platform.shapes import Answer, StoreTime


class RecordAnswer(Answer):
    """What somebody did as staff, or whom they looked at."""

    audit_id: str
    at: StoreTime
    operator: str = Field(description="Who did it: the subject of their token.")
    service: bool = Field(description="Whether a service did it, and no person.")
    roles: list[str]
    operation: str = Field(description="The operation's id in this document.")
    route: str
    subjects: dict[str, str] = Field(description="What it was about: ids, by what they are called.")
    request_key: str | None = Field(description="The id under which the request counts once, if it has one.")
    fields: list[str] = Field(
        description="The fields that the request had, by name, also those within others."
    )
    values: dict[str, Any] = Field(description="The values of those that say nothing of a person.")
    searched_by: str | None = Field(description="What members were searched by; never what was sought.")
    shown: list[str] = Field(description="The members that a search showed.")
    address: str | None = Field(description="From where; kept for 90 days.")
    request_id: str = Field(description="The gateway's id of the request, by which it is found in the logs.")


def record_answer(record: Record, policy: Policy) -> RecordAnswer:
    """Show a record, in store time."""
    return RecordAnswer(
        audit_id=record.audit_id,
        at=record.at.astimezone(policy.zone),
        operator=record.operator,
        service=record.service,
        roles=list(record.roles),
        operation=record.operation,
        route=record.route,
        subjects=dict(record.subjects),
        request_key=record.request_key,
        fields=list(record.fields),
        values=dict(record.values),
        searched_by=record.searched_by,
        shown=list(record.shown),
        address=record.address,
        request_id=record.request_id,
    )
