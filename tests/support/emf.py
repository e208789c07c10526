"""The figures that functions write for CloudWatch: embedded metrics, one JSON object on a line of its own."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

SERVICE = "Some"
"""What the functions of a test are called: the one dimension of their figures."""


@dataclass
class Figures:
    """What was counted: every value of a figure, by its name, and the dimensions that were used."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    dimensions: set[tuple[str, ...]] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    namespaces: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)

    def read(self, out: str) -> "Figures":
        """Add what stands in the output of functions."""
        for line in out.splitlines():
            if '"_aws"' in line:
                self._add(json.loads(line))
        return self

    @property
    def sums(self) -> dict[str, int]:
        """The sum of each figure."""
        return {name: int(sum(values)) for name, values in self.values.items()}

    def _add(self, written: dict[str, Any]) -> None:
        names = set()
        for directive in written["_aws"]["CloudWatchMetrics"]:
            self.namespaces.add(directive["Namespace"])
            self.dimensions |= {tuple(each) for each in directive["Dimensions"]}
            for metric in directive["Metrics"]:
                names.add(metric["Name"])
                self.values[metric["Name"]] += written[metric["Name"]]
        self.services.add(written["service"])
        self.attributes |= written.keys() - names
