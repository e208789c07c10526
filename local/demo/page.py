"""The story as one page of HTML that needs nothing beside itself: no script, no font, no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from local.demo import figures
from local.demo.acts import Chapter
from local.demo.charts import Chart, charts
from local.demo.checks import Outcome
from local.demo.figures import Table
from local.demo.player import Ended, Played

TEMPLATE = "page.html"
HIGHLIGHTS = (
    "money received",
    "of it refunded",
    "of it kept",
    "points earned",
    "points expired",
    "points available",
)
"""The figures that stand at the top of the page."""


def rendered(played: Played, tables: Sequence[Table]) -> str:
    """Write the page: the same story gives the same page."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    labels = [label(ended.chapter, played.year) for ended in played.chapters]
    values = figures.figures(played)
    return environment.get_template(TEMPLATE).render(
        year=played.year,
        highlights=[(name, values[name]) for name in HIGHLIGHTS],
        charts=[_safe(chart) for chart in charts(played, labels)],
        chapters=played.chapters,
        tables=tables,
        checks=checks(played.chapters),
        policy_version=played.policy.version,
    )


def label(chapter: Chapter, year: int) -> str:
    """What a chart calls a chapter."""
    return chapter.short.replace("{last}", str(year - 1)).replace("{next}", str(year + 1))


def checks(chapters: Sequence[Ended]) -> list[tuple[Outcome, int]]:
    """Return each check that was made, and how often."""
    made: dict[str, tuple[Outcome, int]] = {}
    for ended in chapters:
        for outcome in ended.outcomes:
            _, count = made.get(outcome.says, (outcome, 0))
            made[outcome.says] = outcome, count + 1
    return list(made.values())


def _safe(chart: Chart) -> dict[str, str | Markup]:
    """The drawings are ours and hold names of the script alone."""
    return {
        "title": chart.title,
        "says": chart.says,
        "wide": Markup(chart.wide),  # noqa: S704 - see above
        "narrow": Markup(chart.narrow),  # noqa: S704
    }
