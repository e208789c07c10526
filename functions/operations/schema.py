"""What the routes of operations take and answer."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from functions.domain.policy_check import TEXT_BYTES_MAX, Value
from functions.platform.parameters import Day
from functions.platform.shapes import Answer, CallerId, Request, StoreTime
from functions.platform.trail import SUBJECTS


class SettingAnswer(Answer):
    """A setting of the policy; a tier's goes by the tier's code."""

    setting: str
    value: Value


class PolicyAnswer(Answer):
    """The policy that stands, as its file has it and setting by setting."""

    version: str
    toml: str
    settings: list[SettingAnswer]


class PolicyCheckRequest(Request):
    """A policy in TOML, at most 64 kB in UTF-8."""

    toml: Annotated[str, StringConstraints(max_length=TEXT_BYTES_MAX)]


class PolicyFaultAnswer(Answer):
    """What is wrong in a policy, and where; the field is `toml` where the text cannot be parsed."""

    field: str
    message: str


class SettingChangeAnswer(Answer):
    """A setting that is another one; null where it is not there."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    setting: str
    before: Value = Field(alias="from")
    after: Value = Field(alias="to")


class PolicyCheckAnswer(Answer):
    """Whether a text is a policy; then its version and what it changes, else what is wrong with it."""

    valid: bool
    version: str | None
    errors: list[PolicyFaultAnswer]
    changes: list[SettingChangeAnswer]


class ScheduleAnswer(Answer):
    """When a job is started, in store time: so often, or at a time of day, of each day that fits.

    `weekday` counts from 1, which is Monday. With `until_hour` it is hourly, from `hour` on.
    """

    schedule: str
    every_minutes: int | None
    hour: int | None
    minute: int | None
    until_hour: int | None
    day: int | None
    month: int | None
    weekday: int | None
    done_within_minutes: int
    overdue: bool = Field(description="A run should have ended by now, and none has.")


class JobAnswer(Answer):
    """A job: when it is started, if not only when somebody asks for it, and how far its last run has come."""

    job: str
    schedules: list[ScheduleAnswer]
    begun_at: StoreTime | None
    ended_at: StoreTime | None = Field(
        description="Null while the last run goes on, and of runs from before this was written down."
    )
    parts: int
    parts_ended: int


class JobsAnswer(Answer):
    """All jobs, at a moment."""

    as_of: StoreTime
    jobs: list[JobAnswer]


class RunRequest(Request):
    """Asks for a run of a job. ``request_id`` is this job's own."""

    request_id: CallerId


class RunAnswer(Answer):
    """A run that was asked for; `started_at` is null until it is started, which is within seconds."""

    job: str
    request_id: str
    asked_at: StoreTime
    started_at: StoreTime | None


ROWS_MAX = 1_000_000
StateText = Annotated[str, StringConstraints(pattern=r"^[a-z]+(_[a-z]+)*$", max_length=32)]
BYS = (*SUBJECTS, "operator")
"""What records of the audit are asked for by, beside days."""


def _what_records_are_found_by(value: str) -> str:
    """Refuse what no records are asked for by."""
    if value not in BYS:
        raise ValueError(f"must be one of {', '.join(BYS)}")
    return value


By = Annotated[
    str,
    AfterValidator(_what_records_are_found_by),
    WithJsonSchema({"type": "string", "enum": list(BYS)}),
]


class ExportRequest(Request):
    """Rows of a report that are taken along, and the filters by which they were read.

    `request_id` is the caller's own, `from` and `until` are the first and the last day.
    """

    request_id: CallerId
    rows: Annotated[int, Field(ge=0, le=ROWS_MAX)]
    from_: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    state: StateText | None = None
    by: By | None = None
    value: CallerId | None = None


class ExportAnswer(Answer):
    """What was taken along; `export_id` is the id of its record in the audit."""

    export_id: str
    report: str
    rows: int
    at: StoreTime


AlarmState = Literal["ok", "alarm", "insufficient_data"]


class AlarmAnswer(Answer):
    """An alarm: its state since a moment, what it says, and the page of the runbook that says what to do."""

    alarm: str
    state: AlarmState
    since: StoreTime
    says: str
    page: str | None


class AlarmsAnswer(Answer):
    """All alarms, at a moment: those that are off first."""

    as_of: StoreTime
    alarms: list[AlarmAnswer]
