"""What posting costs: so many paid orders, each of another member, in batches as the stream delivers them.

The baseline is a bare loop of the SDK that sends the transactions which posting has made of other orders,
each of them delivered by itself.
"""

from typing import TYPE_CHECKING, Any

from benchmarks import jobs as bench
from benchmarks.jobs import BASELINE_WRITES, Figures
from benchmarks.operations import POLICY
from benchmarks.points_jobs import PAID_AT, member, order_row
from functions.domain.birthdays import Kept
from functions.platform import dynamo
from functions.platform.dynamo import Row, Tables
from functions.points.account_rows import wallet_row
from functions.points.ledger import Wallet
from functions.points.stream import Consumer
from functions.tiers.members import MemberStanding, standing_row
from functions.tiers.qualification import qualify
from tests.support import dynoxide, tables
from tests.support.events import Context, stream_record

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_RECORDS = 25
"""Records of one batch."""
WRITE_UNITS = 10 + ("accounts_by_change" in tables.INDEXES["Members"])
"""What the posting of a first order writes, whoever shares its transaction: five rows, each of them twice,
and where there is an index of changes an entry of it."""
FIRST_TIER = qualify(POLICY, ever_paid=False, effective_fen=0)


class Recorder:
    """A client that keeps the transactions which it is given, instead of sending them."""

    def __init__(self, client: "DynamoDBClient") -> None:
        self._client = client
        self.kept: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **asked: Any) -> dict[str, Any]:
        """Keep it."""
        self.kept.append(asked)
        return {}


def paid_order(number: int) -> Row:
    """Return the row of an order that is paid, and no more."""
    return {**order_row(number, PAID_AT), "received_at": None, "version": 2}


def post(count: int) -> Figures:
    """Measure the posting of so many paid orders of new members."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "postings")
        numbers = range(count + BASELINE_WRITES)
        held = MemberStanding(
            standing=FIRST_TIER, policy_version=POLICY.version, birthday=Kept(solar_month=None)
        )
        rows = (
            row
            for number in numbers
            for row in (wallet_row(member(number), Wallet()), standing_row(member(number), held))
        )
        bench.put(client, settings.members_table, rows)

        recorder: Any = Recorder(client)
        _deliver(Consumer(Tables(recorder), settings, POLICY), numbers[count:], 1)
        posting = Consumer(Tables(client), settings, POLICY)
        figures = bench.taken_by(
            lambda: _deliver(posting, numbers[:count], BATCH_RECORDS),
            client,
            job="posting",
            due=count,
            others=0,
            baseline_seconds=bench.seconds_each(
                lambda asked: client.transact_write_items(**asked), recorder.kept
            ),
            tasks=-(-count // BATCH_RECORDS),
        )
        if len(recorder.kept) != BASELINE_WRITES or figures.usage.write_units != WRITE_UNITS * count:
            raise SystemExit(
                f"{figures.usage} for {count} orders, {len(recorder.kept)} transactions recorded"
            )
        return figures


def _deliver(consumer: Consumer, numbers: range, each: int) -> None:
    for start in range(0, len(numbers), each):
        records = [stream_record(paid_order(number)) for number in numbers[start : start + each]]
        answer = consumer({"Records": records}, Context(remaining_ms=60_000))
        if answer["batchItemFailures"]:
            raise SystemExit(f"not posted: {answer}")
