"""What the simulator has found, each shrunk to a script and named by what went wrong."""

from tests.simulation.faults import Kind
from tests.simulation.script import Op, Step
from tests.simulation.simulation import replay


def test_a_write_that_meets_a_transaction_is_no_fault_of_ours() -> None:
    """DynamoDB refuses a write whose row another transaction is writing; that was answered with 500."""
    replay(
        Step(
            "2026-05-01T04:00:00+00:00",
            seed=1,
            meets={2: Kind.CONFLICT},
            ops=(Op("put_product", sku="tea", price_fen=9950, zone=False, threshold=3),),
        ),
    )
