"""The operator's commands on the local cloud."""

import re

from local.cloud import Cloud
from local.folder import StateFolder
from local.interrupts import Interrupts
from tests.support.stack import Stack


def test_up_again_changes_nothing(deployed: Stack) -> None:
    again = deployed.local("up")
    assert (again["fresh"], again["started"], again["deployed"]) == (False, False, False)
    assert again["outputs"] == deployed.outputs
    assert deployed.local("status")["outputs"] == deployed.outputs


def test_the_clock_only_moves_forward(deployed: Stack) -> None:
    for back in ("-1d", "2020-01-01T00:00:00+08:00"):
        refused = deployed.try_local("clock", back)
        assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)


def test_a_job_is_fired_with_its_schedules_input_and_its_counts_come_back(deployed: Stack) -> None:
    for job, counted in (("lapse-unpaid", "orders_lapsed"), ("auto-receipt", "orders_received")):
        answer = deployed.local("fire", job)
        assert answer.keys() == {"job", counted, "unfinished"}
        assert (answer["job"], answer["unfinished"]) == (job, 0)
    unknown = deployed.try_local("fire", "nothing")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (1, 1)
    jobs = {"auto-receipt", "lapse-unpaid", "release-points", "expire-points", "audit-points"}
    assert jobs <= set(re.findall(r"[a-z-]+", unknown.stderr))


def test_only_loopback_is_listened_on(deployed: Stack) -> None:
    endpoint = deployed.local("status")["endpoint"]
    assert endpoint.startswith("http://127.0.0.1:")


def test_seeding_puts_in_what_is_lacking_and_leaves_the_rest_alone(deployed: Stack) -> None:
    deployed.local("up", "--seed")
    path = "/products/cup-celadon"  # which no walk of the documents buys
    product = deployed.call("GET", path, who="clerk", staff=True).body
    assert product["stock"] == 100
    changed = {"name": product["name"], "price_fen": 1, "member_zone": False}
    deployed.call("PUT", path, changed, who="clerk", staff=True)
    deployed.local("up", "--seed")
    assert deployed.call("GET", path, who="clerk", staff=True).body == product | changed | {
        "your_price_fen": 1
    }
    assert deployed.call("GET", "/members/me", who="alice").body["name"] == "Alice"


def test_what_a_step_of_the_clock_makes_due_starts_with_it_and_is_settled(deployed: Stack) -> None:
    cloud = Cloud(StateFolder(deployed.folder), Interrupts())

    def started() -> tuple[int, int]:
        times = cloud.backlog().invocations
        orders, points = (
            sum(count for name, count in times.items() if job in name) for job in ("OrderJobs", "PointsJobs")
        )
        return orders, points

    deployed.clock("+61m")  # whatever has been due for long
    deployed.local("settle")
    orders_before, points_before = started()
    deployed.clock("+61m")
    deployed.local("settle")
    orders, points = started()
    assert orders - orders_before >= 2  # unpaid orders lapse, parcels count as received
    assert points - points_before >= 1  # points are released
