"""A bounded run of the simulator: fixed seeds, and a fresh one that is printed, to be run again."""

import os
import time

import pytest

FRESH_SEED = int(os.environ.get("MEMBERDAY_SIMULATION_SEED") or time.time())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which seed was the fresh one, whether or not it passed."""
    terminalreporter.write_line(
        f"simulation: fresh seed {FRESH_SEED} (make simulate SEED={FRESH_SEED} STEPS=250)"
    )


@pytest.fixture
def fresh_seed() -> int:
    """A seed that nobody has run before."""
    return FRESH_SEED
