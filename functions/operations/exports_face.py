"""Face: reports that staff take along."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import StringConstraints, WithJsonSchema

from functions.domain.errors import NotFoundError, invalid_fields
from functions.domain.policy import Policy
from functions.operations.exports import Exports
from functions.operations.schema import ExportAnswer, ExportRequest
from functions.platform.http import Api, Who, route
from functions.platform.parameters import Body, Path
from functions.platform.reports import REPORTS, exporters_of_any

REPORT = r"[a-z]+(-[a-z]+)*"
ReportPath = Annotated[
    str,
    StringConstraints(pattern=f"^{REPORT}$", max_length=64),
    WithJsonSchema({"type": "string", "enum": list(REPORTS)}),
    Path(description="The report, as its path calls it; `audit` is the records of what staff did."),
]
BESIDE = ("request_id", "rows")
"""The fields that are no filter."""


@dataclass(frozen=True, slots=True)
class ExportsFace:
    """What is taken along is recorded before it is."""

    api: Api
    exports: Exports
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "POST",
        "/reports/<report>/exports",
        summary="Take a report along",
        who=Who.STAFF,
        roles=exporters_of_any(),
        roles_by={"report": {name: report.exporters for name, report in REPORTS.items()}},
        body=True,
        answers=HTTPStatus.CREATED,
        refuses={404: ["report_not_found"], 409: ["conflict"], 422: ["request_id_reused"]},
    )
    def export_report(self, report: ReportPath, request: Annotated[ExportRequest, Body()]) -> ExportAnswer:
        """Write down that the caller takes rows of a report along, once for each `request_id` of theirs.

        It is for whoever may read that report, and for nobody else. What is exported are the rows that were
        read: ask for this before they are handed over, and hand over nothing if it is refused. Its filters
        are said as far as the report has them: `from` and `until` for `sales`, `returns`, `cases`,
        `payment-differences` and `audit`, `state` for `refunds`, `by` and `value` for `audit`.

        `GET /audit?report=…` lists who took it along.
        """
        if report not in REPORTS:
            raise NotFoundError("report_not_found", "There is no such report.")
        filters = _filters(request, REPORTS[report].filters)
        kept = self.exports.keep(
            report,
            request.request_id,
            rows=request.rows,
            filters=filters,
            by=self.api.caller.member_id,
            at=self.clock(),
            deadline=self.api.deadline,
        )
        return ExportAnswer(
            export_id=kept.export_id,
            report=kept.report,
            rows=kept.rows,
            at=kept.at.astimezone(self.policy.zone),
        )


def _filters(request: ExportRequest, known: frozenset[str]) -> dict[str, Any]:
    """Return the filters that were sent; refuse those that the report does not have, and half of a pair."""
    sent = request.model_dump(by_alias=True, exclude=set(BESIDE), exclude_none=True)
    faults = [(name, "is no filter of this report") for name in sent if name not in known]
    if ("by" in sent) is not ("value" in sent):
        faults.append(("value" if "by" in sent else "by", "must stand beside the other"))
    if request.from_ is not None and request.until is not None and request.until < request.from_:
        faults.append(("until", "must not be before from"))
    if faults:
        raise invalid_fields(*faults)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in sent.items()}
