"""All functions of the programme in one lane: what one process each of Lambda's would hold."""

from collections.abc import Callable
from functools import partial
from typing import Any

from functions.aftersales import jobs as case_jobs
from functions.aftersales.queue import Worker as CasesWorker
from functions.aftersales.timetable import FOLLOW_CASES
from functions.catalog.stream import Publisher as CatalogPublisher
from functions.checkout import api as shop_api
from functions.counters.stream import Keeper
from functions.coupons import api as coupons_api
from functions.coupons import jobs as coupon_jobs
from functions.coupons.queue import Worker as CouponsWorker
from functions.coupons.stream import Consumer as BirthdayEligibility
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.policy import Policy
from functions.offers.schedule import CampaignsJob, MemberDayJob
from functions.offers.timetable import END_CAMPAIGNS, OPEN_MEMBER_DAY
from functions.operations.schedule import Watch
from functions.operations.timetable import WATCH_JOBS
from functions.orders import jobs as order_jobs
from functions.orders.book import OrderBook
from functions.orders.queue import Worker as OrdersWorker
from functions.orders.stream import Publisher as OrdersPublisher
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.payments import jobs as payment_jobs
from functions.payments.book import PaymentBook
from functions.payments.providers.provider import Sender, UnansweredError
from functions.payments.queue import Worker as PaymentsWorker
from functions.payments.statements.shelf import Shelf
from functions.payments.timetable import ASK_PAYMENTS, RECONCILE_PAYMENTS
from functions.platform.bucket import Bucket as Versions
from functions.platform.bus import Bus
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.runs import Runs
from functions.points import api as points_api
from functions.points import jobs as points_jobs
from functions.points import schedule
from functions.points.accounts import Accounts
from functions.points.queue import Worker as PointsWorker
from functions.points.reports import Reports
from functions.points.shards import Shards
from functions.points.stream import Consumer as Posting
from functions.points.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_CHANGES,
    AUDIT_POINTS,
    EXPIRE_POINTS,
    RELEASE_POINTS,
    REPLAY_POINTS,
)
from functions.tiers import api as members_api
from functions.tiers.stream import Publisher as MembersPublisher
from tests.simulation.cloud import Cloud
from tests.support.events import Answer, Call, Context
from tests.support.phones import hash_phone
from tests.support.statements import Bucket

API_SECONDS = 15
STREAM_SECONDS = 60
JOB_SECONDS = 60
QUEUES: dict[str, Callable[..., Any]] = {
    "orders": OrdersWorker,
    "points": PointsWorker,
    "audit": PointsWorker,
    "coupons": CouponsWorker,
}
"""The work queues, each with its own worker."""


PAYMENTS = "payments"
"""The queue of payments, which has nothing to do here: no provider is on, and staff pay money back."""

CASES = "cases"
"""The queue of cases: nobody asks for any here, so its job finds nothing due (``payment_lives`` has them)."""


def _nobody(provider: str) -> Sender:
    raise UnansweredError(provider)


class Programme:
    """The functions, as their modules make them, over the tables, queues and the bus of a cloud."""

    def __init__(self, cloud: Cloud, policy: Policy) -> None:
        tables, settings, now = cloud.tables, cloud.settings, cloud.time.now
        everything = (tables, settings, policy, now)
        self._shop = shop_api.create(*everything)
        self._members = members_api.create(*everything, hash_phone)
        self._points = points_api.create(*everything)
        self._coupons = coupons_api.create(*everything)
        bus = Bus(cloud.bus, "membership")
        self.consumers: dict[str, Callable[..., dict[str, Any]]] = {
            "posting": Posting(tables, settings, policy),
            "orders-publisher": OrdersPublisher(bus, policy),
            "members-publisher": MembersPublisher(bus, policy),
            "catalog-publisher": CatalogPublisher(bus, policy),
            "keeper": Keeper(tables, settings, now),
            "birthdays": BirthdayEligibility(*everything),
        }
        queues = {name: WorkQueue(cloud.sqs, name) for name in QUEUES}
        self.workers: dict[str, Callable[..., dict[str, Any]]] = {
            name: worker(tables, settings, queues[name], policy) for name, worker in QUEUES.items()
        }
        runs = Runs(tables, settings.reports_table)
        payments = PaymentBook.of(tables, settings, policy)
        queues[PAYMENTS] = WorkQueue(cloud.sqs, PAYMENTS)
        self.workers[PAYMENTS] = PaymentsWorker(
            payments,
            _nobody,
            "https://api.test/payments",
            policy,
            Shelf(Versions(Bucket(), "statements")),
            (),
            settings.reports_table,
            queues[PAYMENTS],
            now,
        )
        queues[CASES] = WorkQueue(cloud.sqs, CASES)
        self.workers[CASES] = CasesWorker(tables, settings, queues[CASES], policy)
        no_case = partial(case_jobs.idle, tables=tables, table=settings.cases_table)
        accounts = Accounts(tables, settings.members_table, settings.orders_table)
        shards = Shards(accounts, Reports(tables, settings.reports_table), policy)
        points = partial(schedule.tasks, policy=policy, shards=shards)
        nothing_due = partial(points_jobs.idle, accounts=accounts, policy=policy)
        member_day = MemberDayJob(*everything)
        idle = partial(order_jobs.idle, book=OrderBook.of(tables, settings, policy))
        starters = {
            "orders": Starter(queues["orders"], runs, order_jobs.tasks, now, idle=idle),
            "points": Starter(queues["points"], runs, points, now, idle=nothing_due),
            "audit": Starter(queues["audit"], runs, points, now, idle=nothing_due),
            "coupons": Starter(queues["coupons"], runs, coupon_jobs.tasks, now),
            CASES: Starter(queues[CASES], runs, case_jobs.tasks, now, idle=no_case),
            PAYMENTS: Starter(
                queues[PAYMENTS],
                runs,
                payment_jobs.tasks,
                now,
                idle=partial(payment_jobs.idle, book=payments),
            ),
        }
        self.jobs: dict[str, Callable[..., Any]] = {
            LAPSE_UNPAID: starters["orders"],
            AUTO_RECEIPT: starters["orders"],
            LOOK_FOR_PARCELS: starters["orders"],
            FOLLOW_CASES: starters[CASES],
            ASK_PAYMENTS: starters[PAYMENTS],
            RECONCILE_PAYMENTS: starters[PAYMENTS],
            RELEASE_POINTS: starters["points"],
            EXPIRE_POINTS: starters["points"],
            ANNOUNCE_EXPIRING: starters["points"],
            REPLAY_POINTS: starters["points"],
            AUDIT_POINTS: starters["audit"],
            AUDIT_CHANGES: starters["audit"],
            ISSUE_BIRTHDAY_COUPONS: starters["coupons"],
            OPEN_MEMBER_DAY: member_day,
            END_CAMPAIGNS: CampaignsJob(tables, settings, now),
            WATCH_JOBS: Watch(*everything),
        }

    def call(self, call: Call) -> Answer:
        """Send a request to the function that serves its path."""
        if "/points" in call.path:
            return call.to(self._points)
        if "/coupon" in call.path:
            return call.to(self._coupons)
        of_shop = not call.path.startswith("/members") or call.path.partition("?")[0].endswith("/orders")
        return call.to(self._shop if of_shop else self._members)

    def deliver(self, consumer: str, records: list[dict[str, Any]]) -> list[str]:
        """Deliver a batch of a stream; return the sequence numbers that are to come again."""
        context = Context(remaining_ms=1000 * STREAM_SECONDS)
        answer = self.consumers[consumer]({"Records": records}, context)
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def work(self, queue: str, body: str) -> bool:
        """Deliver a task to its worker; return whether it was worked off."""
        record = {"messageId": "1", "body": body, "eventSource": "aws:sqs", "receiptHandle": "1"}
        context = Context(remaining_ms=1000 * JOB_SECONDS)
        return bool(self.workers[queue]({"Records": [record]}, context) == {"batchItemFailures": []})

    def fire(self, job: str) -> Any:
        """Run a schedule's function."""
        return self.jobs[job]({"job": job}, Context(remaining_ms=1000 * JOB_SECONDS))
