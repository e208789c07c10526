"""The office: what staff see of the suite, runs of jobs that they ask for, and a policy that they check."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from functions import contexts
from functions.domain.policy import FILE
from functions.platform import alarms as platform_alarms
from functions.platform.runs import WHOLE
from functions.points.timetable import AUDIT_CHANGES, RELEASE_POINTS, REPLAY_POINTS
from tests.handlers.conftest import STACK, Suite
from tests.support.events import Answer, Call, claims, role, staff

ADMIN = role("admin")
EVERYBODY = {
    **{name: role(name) for name in ("clerk", "marketing", "finance", "admin")},
    "staff": staff(),
    "member": claims("alice"),
}


def get(suite: Suite, path: str, who: dict[str, str] = ADMIN) -> Answer:
    """Ask for something."""
    return suite.call(Call("GET", path, None, who))


def fire(suite: Suite, job: str = RELEASE_POINTS, request_id: str = "r1", **how: Any) -> Answer:
    """Ask for a run of a job."""
    return suite.call(Call("POST", f"/jobs/{job}/runs", {"request_id": request_id}, how.get("who", ADMIN)))


def job(suite: Suite, name: str) -> dict[str, Any]:
    """Return what is shown of a job."""
    (found,) = [each for each in get(suite, "/jobs").body["jobs"] if each["job"] == name]
    return dict(found)


def fault(code: str, status: int) -> ClientError:
    """Return a refusal of Lambda's."""
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Invoke")


# --- jobs ---


def test_K1_every_job_is_shown_with_its_schedules_and_one_without_any_only_runs_when_asked(
    suite: Suite,
) -> None:
    answer = get(suite, "/jobs")
    assert answer.body["as_of"] == "2026-05-01T12:00:00+08:00"
    shown = {each["job"]: each for each in answer.body["jobs"]}
    assert shown.keys() == contexts.starters().keys()
    schedules = {each["schedule"]: each for one in shown.values() for each in one["schedules"]}
    assert schedules.keys() == {each.name for each in contexts.timetable(suite.policy)}
    assert [name for name, each in shown.items() if not each["schedules"]] == [
        "index-parcels",
        "index-members",
        "replay-points",
    ]
    none = dict.fromkeys(("hour", "minute", "until_hour", "day", "month", "weekday"))
    assert schedules["release-points"] == {
        "schedule": "release-points",
        "every_minutes": 10,
        **none,
        "done_within_minutes": 60,
        "overdue": False,
    }
    at = {"every_minutes": None, **none, "hour": 2, "minute": 0, "weekday": 7}
    assert schedules["audit-points"].items() >= at.items()


def test_K1_how_far_the_last_run_of_a_job_has_come_is_shown(suite: Suite) -> None:
    assert job(suite, AUDIT_CHANGES).items() >= {"begun_at": None, "parts": 0, "parts_ended": 0}.items()
    suite.runs.begin(AUDIT_CHANGES, suite.now, parts=3)
    suite.pass_time(minutes=1)
    suite.runs.end(AUDIT_CHANGES, suite.now - timedelta(minutes=1), "a", parts=2)
    shown = job(suite, AUDIT_CHANGES)
    assert (shown["begun_at"], shown["ended_at"]) == ("2026-05-01T12:00:00+08:00", None)
    assert (shown["parts_ended"], shown["parts"]) == (2, 3)
    suite.pass_time(minutes=1)
    suite.runs.end(AUDIT_CHANGES, suite.now - timedelta(minutes=2), "b")
    shown = job(suite, AUDIT_CHANGES)
    assert (shown["ended_at"], shown["parts_ended"]) == ("2026-05-01T12:02:00+08:00", 3)
    suite.pass_time(minutes=1)
    suite.runs.begin(AUDIT_CHANGES, suite.now, parts=3)
    shown = job(suite, AUDIT_CHANGES)
    assert (shown["begun_at"], shown["ended_at"], shown["parts_ended"]) == (
        "2026-05-01T12:03:00+08:00",
        None,
        0,
    )


def test_K1_a_run_of_which_there_is_nothing_to_do_has_ended_when_it_began(suite: Suite) -> None:
    suite.runs.begin(AUDIT_CHANGES, suite.now, parts=0)
    assert job(suite, AUDIT_CHANGES)["ended_at"] == "2026-05-01T12:00:00+08:00"


def test_K1_a_missed_run_is_shown_as_the_watch_sees_it_and_looking_writes_nothing(suite: Suite) -> None:
    def overdue() -> bool:
        (schedule,) = job(suite, RELEASE_POINTS)["schedules"]
        return bool(schedule["overdue"])

    suite.pass_time(days=30)
    before = suite.tables.client.scan(TableName=suite.settings.reports_table)["Items"]
    assert not overdue(), "nobody has watched yet"
    assert suite.tables.client.scan(TableName=suite.settings.reports_table)["Items"] == before
    suite.runs.watched_since(RELEASE_POINTS, suite.now - timedelta(days=1))
    assert overdue()
    suite.runs.begin(RELEASE_POINTS, suite.now, parts=1)
    assert overdue()
    suite.runs.end(RELEASE_POINTS, suite.now, WHOLE)
    assert not overdue()


def test_K8_a_run_that_is_asked_for_is_a_message_and_the_worker_starts_the_jobs_function(
    suite: Suite,
) -> None:
    answer = fire(suite)
    at = "2026-05-01T12:00:00+08:00"
    asked = {"job": RELEASE_POINTS, "request_id": "r1", "asked_at": at, "started_at": None}
    assert (answer.status, answer.body) == (202, asked)
    assert suite.lambdas.started == []
    suite.pass_time(seconds=1)
    assert suite.start_what_was_asked_for() == []
    assert suite.lambdas.started == [(f"{STACK}-PointsJobs", {"job": RELEASE_POINTS})]
    assert fire(suite).body == asked | {"started_at": "2026-05-01T12:00:01+08:00"}


@pytest.mark.parametrize("name", contexts.starters())
def test_K8_each_job_can_be_asked_for(suite: Suite, name: str) -> None:
    assert fire(suite, name).status == 202
    assert suite.start_what_was_asked_for() == []
    assert suite.lambdas.started == [(f"{STACK}-{contexts.starters()[name]}", {"job": name})]


def test_K8_what_is_asked_for_twice_or_delivered_again_and_again_is_started_once(suite: Suite) -> None:
    for _ in range(3):
        assert fire(suite).status == 202
    assert suite.start_what_was_asked_for(copies=3) == []
    suite.pass_time(days=400)
    assert fire(suite).body["started_at"]
    assert suite.start_what_was_asked_for() == []
    assert len(suite.lambdas.started) == 1


def test_K8_an_id_is_the_jobs_own(suite: Suite) -> None:
    for name in (RELEASE_POINTS, REPLAY_POINTS):
        assert fire(suite, name).status == 202
    fire(suite, request_id="r2")
    assert suite.start_what_was_asked_for() == []
    assert [event["job"] for _, event in suite.lambdas.started] == [
        RELEASE_POINTS,
        REPLAY_POINTS,
        RELEASE_POINTS,
    ]


def test_K8_a_message_that_was_lost_is_put_again_by_asking_again(suite: Suite) -> None:
    fire(suite)
    assert suite.asked.take(delayed=True) is not None
    fire(suite)
    assert suite.start_what_was_asked_for() == []
    assert len(suite.lambdas.started) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 429])
def test_K8_what_was_refused_is_started_by_the_next_delivery(suite: Suite, status: int) -> None:
    fire(suite)
    suite.lambdas.faults = [fault("refused", status)]
    (body,) = suite.start_what_was_asked_for()
    assert fire(suite).body["started_at"] is None
    assert suite.start_what_was_asked_for() == []
    assert len(suite.lambdas.started) == 1
    assert json.loads(body)["work"] == RELEASE_POINTS


@pytest.mark.parametrize(
    "error",
    [
        fault("ServiceException", 500),
        ConnectionClosedError(endpoint_url="x"),
        EndpointConnectionError(endpoint_url="x"),
    ],
)
def test_K8_what_may_have_started_is_started_again_only_when_its_worker_would_be_dead(
    suite: Suite, error: Exception
) -> None:
    fire(suite)
    suite.lambdas.faults = [error]
    assert len(suite.start_what_was_asked_for()) == 1
    fire(suite)
    assert len(suite.start_what_was_asked_for()) == 1
    assert suite.lambdas.started == []
    suite.pass_time(minutes=6)  # as long as its queue hides it
    fire(suite)
    assert suite.start_what_was_asked_for() == []
    assert len(suite.lambdas.started) == 1


def test_K8_a_message_that_nobody_has_asked_for_starts_nothing(suite: Suite) -> None:
    fire(suite)
    body = json.loads(suite.asked.take(delayed=True) or "")
    for changed in ({"given": {"request_id": "r2"}}, {"work": REPLAY_POINTS}, {"work": "nothing"}):
        suite.asked.send_message(QueueUrl="asked", MessageBody=json.dumps(body | changed), DelaySeconds=0)
    assert len(suite.start_what_was_asked_for()) == 3
    assert suite.lambdas.started == []


@pytest.mark.parametrize("name", ["watch-jobs", "expire-points-again", "nothing", "x" * 64])
def test_K8_a_job_that_there_is_not_is_not_found_and_nothing_has_happened(suite: Suite, name: str) -> None:
    answer = fire(suite, name)
    assert (answer.status, answer.code) == (404, "job_not_found")
    assert suite.asked.take(delayed=True) is None


@pytest.mark.parametrize("name", ["Release-Points", "a--b", "-a", "x" * 65, "ord_1", "é"])
def test_K8_what_can_be_no_jobs_name_is_refused(suite: Suite, name: str) -> None:
    assert fire(suite, name).status == 422


@pytest.mark.parametrize("body", [{}, {"request_id": ""}, {"request_id": "a b"}, {"request_id": 1}])
def test_K8_a_run_is_asked_for_under_an_id(suite: Suite, body: dict[str, Any]) -> None:
    answer = suite.call(Call("POST", f"/jobs/{RELEASE_POINTS}/runs", body, ADMIN))
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "request_id")
    assert suite.asked.take(delayed=True) is None


# --- alarms ---


def put_alarm(suite: Suite, name: str, state: str = "OK", **more: Any) -> None:
    """Let there be an alarm."""
    moment = datetime(2026, 5, 1, 3, 30, 0, 400_000, tzinfo=UTC)
    says = "Failed or timed out: one of ShopApi. docs/runbook/errors.md"
    alarm = {"AlarmName": name, "StateValue": state, "StateUpdatedTimestamp": moment}
    suite.watching.alarms.append(alarm | {"AlarmDescription": says} | more)


def test_K1_alarms_are_shown_with_their_page_of_the_runbook_those_that_are_off_first(suite: Suite) -> None:
    put_alarm(suite, f"{STACK}-errors")
    put_alarm(suite, f"{STACK}-shop-errors", "ALARM")
    put_alarm(suite, f"{STACK}-jobs", "INSUFFICIENT_DATA", AlarmDescription="")
    put_alarm(suite, "others")
    answer = get(suite, "/alarms")
    assert answer.body["as_of"] == "2026-05-01T12:00:00+08:00"
    off, quiet, unknown = answer.body["alarms"]
    assert off == {
        "alarm": f"{STACK}-shop-errors",
        "state": "alarm",
        "since": "2026-05-01T11:30:00+08:00",
        "says": "Failed or timed out: one of ShopApi.",
        "page": "docs/runbook/errors.md",
    }
    assert (quiet["alarm"], quiet["state"]) == (f"{STACK}-errors", "ok")
    assert (unknown["state"], unknown["says"], unknown["page"]) == ("insufficient_data", "", None)


def test_K1_a_state_holds_since_it_changed_and_not_since_it_was_looked_at(suite: Suite) -> None:
    changed = datetime(2026, 4, 30, tzinfo=UTC)
    put_alarm(suite, f"{STACK}-errors", StateTransitionedTimestamp=changed)
    assert get(suite, "/alarms").body["alarms"][0]["since"] == "2026-04-30T08:00:00+08:00"


def test_K1_an_alarm_on_missing_figures_knows_nothing_before_it_was_there_as_long_as_it_looks_back(
    suite: Suite,
) -> None:
    made = datetime(2026, 5, 1, 3, 0, 1, tzinfo=UTC)
    looks = {"AlarmConfigurationUpdatedTimestamp": made, "Period": 3_600, "EvaluationPeriods": 1}
    put_alarm(suite, f"{STACK}-errors", "ALARM", TreatMissingData="notBreaching", **looks)
    put_alarm(suite, f"{STACK}-jobs-unwatched", "ALARM", TreatMissingData="breaching", **looks)

    def states() -> dict[str, str]:
        return {each["alarm"]: each["state"] for each in get(suite, "/alarms").body["alarms"]}

    names = [f"{STACK}-errors", f"{STACK}-jobs-unwatched"]
    assert states() == dict(zip(names, ["alarm", "insufficient_data"], strict=True)), "it is 12:00 by now"
    suite.pass_time(seconds=1)
    assert states() == dict.fromkeys(names, "alarm")


def test_K1_all_pages_of_alarms_are_shown_and_there_are_so_many_at_most(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(12):
        put_alarm(suite, f"{STACK}-{number:02}")
    suite.watching.page = 3
    assert len(get(suite, "/alarms").body["alarms"]) == 12
    monkeypatch.setattr(platform_alarms, "PAGES_MAX", 2)
    assert len(get(suite, "/alarms").body["alarms"]) == 6


@pytest.mark.parametrize(
    "error",
    [
        fault("InternalFailure", 500),
        fault("ThrottlingException", 400),
        ConnectionClosedError(endpoint_url="x"),
    ],
)
def test_K1_where_cloudwatch_does_not_answer_it_can_be_asked_again(suite: Suite, error: Exception) -> None:
    def fail(**_: Any) -> Any:
        raise error

    suite.watching.describe_alarms = fail  # type: ignore[method-assign]
    answer = get(suite, "/alarms")
    assert (answer.status, answer.code) == (503, "try_again")


# --- the policy ---


def check(suite: Suite, toml: str, who: dict[str, str] = ADMIN) -> Answer:
    """Check a text as a policy."""
    return suite.call(Call("POST", "/policy/check", {"toml": toml}, who))


TEXT = FILE.read_text(encoding="utf-8")


def test_K1_the_policy_that_stands_is_shown_as_its_file_and_setting_by_setting(suite: Suite) -> None:
    answer = get(suite, "/policy").body
    assert (answer["version"], answer["toml"]) == (suite.policy.version, TEXT)
    settings = {each["setting"]: each["value"] for each in answer["settings"]}
    assert settings["points.earned_per_yuan"] == suite.policy.points.earned_per_yuan
    assert settings["J3.member_day_rate"] == "0.80"
    assert settings["J0.above_fen"] is None


def test_K1_a_file_that_is_not_the_policy_that_stands_is_not_shown(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(TEXT.replace("fee_fen = 1_000", "fee_fen = 1_200"), encoding="utf-8")
    monkeypatch.setattr("functions.domain.policy.FILE", file)
    assert get(suite, "/policy").status == 500


def test_K8_a_changed_policy_says_what_it_changes_and_touches_no_table(suite: Suite) -> None:
    sent: list[str] = []
    suite.tables.client.meta.events.register(
        "before-parameter-build.dynamodb", lambda model, **_: sent.append(model.name)
    )
    answer = check(suite, TEXT.replace("fee_fen = 1_000", "fee_fen = 1_200"))
    assert answer.status == 200
    assert answer.body["changes"] == [{"setting": "shipping.fee_fen", "from": 1_000, "to": 1_200}]
    assert (answer.body["valid"], answer.body["errors"]) == (True, [])
    assert len(answer.body["version"]) == len(suite.policy.version)
    assert check(suite, TEXT).body["version"] == suite.policy.version
    assert sent == []


def test_K8_a_policy_that_is_none_is_answered_with_its_faults(suite: Suite) -> None:
    answer = check(suite, TEXT.replace("day = 10", "day = 31"))
    assert answer.status == 200
    assert answer.body == {
        "valid": False,
        "version": None,
        "errors": [{"field": "member_day.day", "message": "must be at most 28"}],
        "changes": [],
    }
    (unparsed,) = check(suite, "a = 1\nb =").body["errors"]
    assert unparsed["field"] == "toml"
    assert "line 2" in unparsed["message"] or "end of document" in unparsed["message"]


@pytest.mark.parametrize("toml", ["x" * 65_537, "é" * 32_769, "\ud800"])
def test_K8_a_text_that_is_too_long_or_none_is_refused(suite: Suite, toml: str) -> None:
    answer = check(suite, toml)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "toml")


def test_K8_a_text_of_just_so_many_bytes_is_read(suite: Suite) -> None:
    assert check(suite, ("#" * 999 + "\n") * 65 + "#" * 536).status == 200


@pytest.mark.parametrize("body", [{}, {"toml": 1}, {"toml": None}, {"toml": "", "x": 1}])
def test_K8_a_check_takes_a_text_and_nothing_else(suite: Suite, body: dict[str, Any]) -> None:
    assert suite.call(Call("POST", "/policy/check", body, ADMIN)).status == 422


# --- who ---


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/jobs", None),
        ("POST", "/jobs/release-points/runs", {"request_id": "r"}),
        ("GET", "/policy", None),
        ("POST", "/policy/check", {"toml": ""}),
    ],
)
def test_K7_jobs_and_policy_are_an_admins_alone(
    suite: Suite, method: str, path: str, body: dict[str, Any] | None
) -> None:
    for name, who in EVERYBODY.items():
        answer = suite.call(Call(method, path, body, who))
        assert answer.status == {"admin": 202 if path.endswith("/runs") else 200}.get(name, 403), name


def test_K7_alarms_are_for_whoever_works_for_the_shop(suite: Suite) -> None:
    statuses = {name: get(suite, "/alarms", who).status for name, who in EVERYBODY.items()}
    assert statuses == {**dict.fromkeys(EVERYBODY, 200), "member": 403}
