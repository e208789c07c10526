"""What is taken along of a report: recorded before it is, once, and by whoever may read it (K7)."""

from typing import Any

import pytest

from functions.operations.exports import EXPORTED
from functions.platform.dynamo import Row, from_item
from functions.platform.trail import RECORD
from tests.handlers.conftest import Suite
from tests.support.events import Answer, Call, role
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, Fault, cancelled, watched

ADMIN, FINANCE, CLERK = role("admin"), role("finance"), role("clerk")
SALES = {"request_id": "e1", "rows": 31, "from": "2026-04-01", "until": "2026-05-01"}
"""An export as the console asks for it."""


def export(suite: Suite, body: Any = SALES, report: str = "sales", who: Any = FINANCE) -> Answer:
    """Ask for an export."""
    return suite.call(Call("POST", f"/reports/{report}/exports", body, who))


def records(suite: Suite) -> list[Row]:
    """Return the records of exports."""
    found = suite.tables.client.scan(TableName=suite.settings.audit_table)["Items"]
    rows = [row for row in map(from_item, found) if row["item"] == RECORD]
    return [row for row in rows if row["operation"] == "export_report"]


def kept(suite: Suite) -> list[Row]:
    """Return the rows of exports."""
    found = suite.tables.client.scan(TableName=suite.settings.reports_table)["Items"]
    return [row for row in map(from_item, found) if row["report"].startswith(EXPORTED)]


def faults(answer: Answer) -> dict[str, str]:
    """Return what is wrong with each field."""
    assert (answer.status, answer.code) == (422, "invalid_request"), answer
    return {each["field"]: each["message"] for each in answer.body["errors"]}


def test_K7_an_export_is_answered_with_the_id_of_its_one_record(suite: Suite) -> None:
    answer = export(suite)
    assert answer.status == 201
    (record,) = records(suite)
    assert answer.body == {
        "export_id": record["audit_id"],
        "report": "sales",
        "rows": 31,
        "at": "2026-05-01T12:00:00+08:00",
    }
    assert record["operator"] == "finance-1"
    shown = suite.call(Call("GET", f"/audit/{answer.body['export_id']}", who=ADMIN)).body
    assert shown["operation"] == "export_report"
    assert shown["route"] == "POST /reports/{report}/exports"
    assert shown["subjects"] == {"report": "sales"}
    assert shown["request_key"] == "e1"
    assert shown["fields"] == ["from", "request_id", "rows", "until"]
    assert shown["values"] == SALES


def test_K7_exports_are_found_by_their_report(suite: Suite) -> None:
    ids = [export(suite).body["export_id"]]
    export(suite, {"request_id": "e1", "rows": 4}, "late-deliveries")
    suite.pass_time(seconds=1)
    ids.insert(0, export(suite, {**SALES, "request_id": "e2"}).body["export_id"])
    found = suite.call(Call("GET", "/audit", who=ADMIN, query={"report": "sales"})).body["items"]
    assert [each["audit_id"] for each in found] == ids
    assert suite.call(Call("GET", "/audit", who=ADMIN, query={"report": "returns"})).body["items"] == []


def test_K7_the_same_id_again_is_answered_the_same_and_has_no_second_record(suite: Suite) -> None:
    first = export(suite)
    suite.pass_time(days=3)
    again = export(suite)
    assert (again.status, again.body) == (201, first.body)
    assert len(records(suite)) == len(kept(suite)) == 1


@pytest.mark.parametrize(
    "other", [{"rows": 32}, {"from": "2026-04-02"}, {"until": None}], ids=["rows", "from", "until"]
)
def test_K7_the_same_id_with_other_contents_is_refused(suite: Suite, other: dict[str, Any]) -> None:
    assert export(suite).status == 201
    answer = export(suite, SALES | other)
    assert (answer.status, answer.code) == (422, "request_id_reused")
    assert len(records(suite)) == 1


def test_K7_an_id_is_its_callers_own_and_a_reports_so_that_nobody_exports_under_anothers_record(
    suite: Suite,
) -> None:
    body = {"request_id": "e1", "rows": 2}
    asked = [
        export(suite, body, "late-deliveries", who=FINANCE),
        export(suite, body, "late-deliveries", who=CLERK),
        export(suite, body, "cases", who=FINANCE),
    ]
    assert [each.status for each in asked] == [201] * 3
    assert {each.body["export_id"] for each in asked} == {row["audit_id"] for row in records(suite)}
    assert sorted(row["operator"] for row in records(suite)) == ["clerk-1", "finance-1", "finance-1"]


NOT_KEPT: dict[str, list[Fault]] = {
    "it is never sent": [RESET_BEFORE] * SENDS_OF_THE_SDK * 100,
    "the record's table is busy": [cancelled("None", "ThrottlingError", "None")] * 100,
}


@pytest.mark.parametrize("why", NOT_KEPT)
def test_K7_what_cannot_be_recorded_is_not_exported(suite: Suite, why: str) -> None:
    with watched(suite.tables.client) as calls:
        calls.fail("TransactWriteItems", *NOT_KEPT[why])
        answer = export(suite)
    assert (answer.status, answer.code) == (503, "try_again")
    assert records(suite) == kept(suite) == []
    assert export(suite).status == 201
    assert len(records(suite)) == 1


def test_K7_an_export_whose_answer_is_lost_is_found_again_with_its_record(suite: Suite) -> None:
    with watched(suite.tables.client) as calls:
        calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
        answer = export(suite)
    assert answer.status == 201
    assert [row["audit_id"] for row in records(suite)] == [answer.body["export_id"]]


def test_K7_an_unknown_report_is_refused(suite: Suite) -> None:
    answer = export(suite, {"request_id": "e1", "rows": 1}, "no-such-report", ADMIN)
    assert (answer.status, answer.code) == (404, "report_not_found")
    assert export(suite, {"request_id": "e1", "rows": 1}, "points-liability", ADMIN).status == 201
    assert faults(export(suite, {"request_id": "e1", "rows": 1}, "Sales", ADMIN)).keys() == {"report"}


@pytest.mark.parametrize(
    ("report", "filters"),
    {
        "sales": {"from": "2026-04-01", "until": "2026-04-01"},
        "returns": {"until": "2026-04-30"},
        "cases": {"from": "2026-04-01", "until": "2026-04-30"},
        "payment-differences": {"from": "2026-04-30", "until": "2026-04-30"},
        "refunds": {"state": "failed"},
        "points-liability": {},
        "points-differences": {},
        "unassigned-payments": {},
        "late-deliveries": {},
        "audit": {"from": "2026-05-01", "by": "member_id", "value": "alice"},
    }.items(),
)
def test_K7_the_record_has_the_filters_that_the_report_has(
    suite: Suite, report: str, filters: dict[str, str]
) -> None:
    body = {"request_id": "e1", "rows": 0, **filters}
    assert export(suite, body, report, ADMIN).status == 201
    (found,) = suite.call(Call("GET", "/audit", who=ADMIN, query={"report": report})).body["items"]
    assert found["values"] == body


@pytest.mark.parametrize(
    ("report", "sent", "at_fault"),
    [
        ("sales", {"state": "failed"}, {"state"}),
        ("late-deliveries", {"from": "2026-04-01"}, {"from"}),
        ("refunds", {"by": "sku", "value": "tea"}, {"by", "value"}),
        ("sales", {"from": "2026-05-02", "until": "2026-05-01"}, {"until"}),
        ("sales", {"from": "2026-02-30"}, {"from"}),
        ("sales", {"from": 20260401}, {"from"}),
        ("refunds", {"state": "Zhang Wei"}, {"state"}),
        ("refunds", {"state": "f" * 33}, {"state"}),
        ("audit", {"by": "sku"}, {"value"}),
        ("audit", {"value": "tea"}, {"by"}),
        ("audit", {"by": "phone", "value": "13800138000"}, {"by"}),
        ("audit", {"by": "sku", "value": "x" * 256}, {"value"}),
        ("sales", {"rows": -1}, {"rows"}),
        ("sales", {"rows": 1_000_001}, {"rows"}),
        ("sales", {"rows": "2"}, {"rows"}),
        ("sales", {"rows": True}, {"rows"}),
        ("sales", {"rows": None}, {"rows"}),
        ("sales", {"request_id": ""}, {"request_id"}),
        ("sales", {"columns": ["phone"]}, {"columns"}),
    ],
)
def test_K7_what_is_no_filter_of_the_report_is_refused_and_leaves_no_record(
    suite: Suite, report: str, sent: dict[str, Any], at_fault: set[str]
) -> None:
    answer = export(suite, {"request_id": "e1", "rows": 1, **sent}, report, ADMIN)
    assert faults(answer).keys() == at_fault
    assert records(suite) == kept(suite) == []
