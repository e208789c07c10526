"""What the programme costs: calls, units, time and money; ``python -m benchmarks`` measures all of it."""

import tests.conftest  # noqa: F401 - the environment that handlers read when they are imported
