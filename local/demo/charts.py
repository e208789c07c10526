"""The charts of the recorded page: Vega-Lite specifications, drawn as SVG without a browser or a network.

See https://vega.github.io/vega-lite/docs/ for what may stand in a specification.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local.demo.acts import Json
from local.demo.checks import by_expiry
from local.demo.player import Ended, Played

VEGA_LITE = "6.4"
NAMESPACE = ' xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
CLIP = re.compile(r"clip\d+")
WIDE, NARROW = 860, 320
"""Widths in pixels, of all that a chart is made of; the page shows the one that fits."""
FONT = "Arial, Helvetica, Liberation Sans, sans-serif"
INK, FAINT, GRID = "#1f2a30", "#5d6b73", "#e3e8ea"
STATES = {"available": "#1f7a68", "frozen": "#8fc7ea", "owed": "#c2453d"}
TIERS = ("#f1f3f2", "#d9ede4", "#aad8c6", "#6fb9a1", "#2f8f79", "#135c4c")
EXPIRIES = ("#e0a23b", "#1f7a68", "#8fc7ea")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart in two widths, and what is said of it."""

    title: str
    says: str
    wide: str
    narrow: str


def charts(played: Played, labels: Sequence[str]) -> list[Chart]:
    """Draw all charts; ``labels`` are those of the chapters."""
    ended = list(zip(labels, played.chapters, strict=True))
    return [
        _drawn(
            "Points by state",
            "All members together at the end of each chapter. What is paid enters frozen (E2), is released "
            "7 days after receipt (E3), and is gone when its year is over (E5). What is owed (E4) stands "
            "below the line.",
            _stacked(_states(ended), labels, "state", STATES, "points"),
        ),
        _drawn(
            "Tiers",
            "The tier of each member at the end of each chapter. It rises and falls with what was bought and "
            "kept (T2).",
            _tiers(ended, labels),
        ),
        _drawn(
            "Liability by expiry",
            "What the available points are worth as cash, in yuan, by the last day on which they can be used "
            "(E5, P7). The last bar is the audit's report.",
            _liability(ended, labels, played.policy.points.redeemed_per_yuan),
        ),
        _drawn(
            "Points of each member",
            "Available and frozen points, and what is owed, each on a scale of its own.",
            _members(ended, labels),
        ),
    ]


def _drawn(title: str, says: str, spec: Json) -> Chart:
    name = title.lower().replace(" ", "-")
    return Chart(title=title, says=says, wide=_svg(name, spec, WIDE), narrow=_svg(name, spec, NARROW))


def _svg(name: str, spec: Json, width: int) -> str:
    """Draw a specification for a place inside a page: no namespaces, and ids that no other drawing has."""
    import vl_convert  # takes a while, and only a record needs it

    upright = {"labelAngle": 0 if width == WIDE else -90}
    config = {**CONFIG, "axisX": {**CONFIG["axisX"], **upright}}
    sized = {**spec, **_size(spec, width), "config": config, "padding": 2, "background": None}
    svg = vl_convert.vegalite_to_svg(sized, vl_version=VEGA_LITE)
    numbers: dict[str, int] = {}

    def own(clip: re.Match[str]) -> str:
        return f"{name}-{width}-{numbers.setdefault(clip[0], len(numbers))}"

    return CLIP.sub(own, svg.replace(NAMESPACE, ""))


def _size(spec: Json, width: int) -> Json:
    if "facet" in spec:
        columns = 4 if width == WIDE else 2
        inner = {**spec["spec"], "width": width // columns - 62, "height": 90}
        return {"columns": columns, "spec": inner}
    height = 260 if spec.get("height") is None else spec["height"]
    return {"width": width, "height": height, "autosize": {"type": "fit-x", "contains": "padding"}}


def _states(ended: Sequence[tuple[str, Ended]]) -> list[Json]:
    rows = []
    for label, chapter in ended:
        accounts = [member.account for member in chapter.books.members.values()]
        for state, points in (
            ("available", sum(account.available for account in accounts)),
            ("frozen", sum(account.frozen for account in accounts)),
            ("owed", -sum(account.debt for account in accounts)),
        ):
            rows.append({"chapter": label, "state": state, "points": points})
    return rows


def _stacked(rows: list[Json], labels: Sequence[str], by: str, colours: dict[str, str], unit: str) -> Json:
    """Return bars, one per chapter, of parts one upon the other."""
    return {
        "data": {"values": rows},
        "mark": {"type": "bar", "cornerRadiusEnd": 1},
        "encoding": {
            "x": _chapters(labels),
            "y": {
                "field": unit,
                "type": "quantitative",
                "title": unit,
                "axis": {"labelExpr": "replace(format(datum.value, ',d'), /,/g, ' ')"},
            },
            "color": {
                "field": by,
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(colours), "range": list(colours.values())},
                "legend": {"orient": "top"},
            },
            "order": {"field": "place"},
        },
        "transform": [_place(by, colours)],
    }


def _place(by: str, parts: Sequence[str] | dict[str, str]) -> Json:
    """Return the transformation that says which part stands upon which."""
    return {"calculate": f"indexof({list(parts)!r}, datum.{by})", "as": "place"}


def _liability(ended: Sequence[tuple[str, Ended]], labels: Sequence[str], per_yuan: int) -> Json:
    rows: list[Json] = []
    for label, chapter in ended:
        held = by_expiry([member.account for member in chapter.books.members.values()])
        rows += [
            {"chapter": label, "usable": f"until {day}", "yuan": points / per_yuan}
            for day, points in held.items()
        ]
    ends = sorted({row["usable"] for row in rows})
    return _stacked(rows, labels, "usable", dict(zip(ends, EXPIRIES, strict=False)), "yuan")


def _tiers(ended: Sequence[tuple[str, Ended]], labels: Sequence[str]) -> Json:
    rows = [
        {"chapter": label, "member": name.capitalize(), "tier": member.account.tier}
        for label, chapter in ended
        for name, member in chapter.books.members.items()
    ]
    names = list(dict.fromkeys(row["member"] for row in rows))
    codes = [f"J{number}" for number in range(len(TIERS))]
    encoding = {
        "x": _chapters(labels),
        "y": {"field": "member", "type": "nominal", "sort": names, "title": None},
    }
    fill = {
        "field": "tier",
        "type": "nominal",
        "scale": {"domain": codes, "range": list(TIERS)},
        "legend": None,
    }
    dark = {"condition": {"test": "datum.tier >= 'J4'", "value": "white"}, "value": INK}
    return {
        "height": 30 * len(names),
        "data": {"values": rows},
        "encoding": encoding,
        "layer": [
            {"mark": {"type": "rect", "stroke": "white", "strokeWidth": 2}, "encoding": {"color": fill}},
            {
                "mark": {"type": "text", "fontSize": 10},
                "encoding": {"text": {"field": "tier"}, "color": dark},
            },
        ],
    }


def _members(ended: Sequence[tuple[str, Ended]], labels: Sequence[str]) -> Json:
    rows: list[Json] = []
    for number, (_, chapter) in enumerate(ended):
        for name, member in chapter.books.members.items():
            account = member.account
            for state, points in (
                ("available", account.available),
                ("frozen", account.frozen),
                ("owed", -account.debt),
            ):
                rows.append(
                    {"chapter": number, "member": name.capitalize(), "state": state, "points": points}
                )
    colours = {"domain": list(STATES), "range": list(STATES.values())}
    ends = {"values": [0, len(labels) - 1], "labelExpr": f"{list(labels)!r}[datum.value]"}
    return {
        "data": {"values": rows},
        "facet": {"field": "member", "type": "nominal", "title": None, "header": {"labelFontWeight": "bold"}},
        "spec": {
            "transform": [_place("state", STATES)],
            "mark": {"type": "bar", "width": {"band": 0.8}},
            "encoding": {
                "x": {
                    "field": "chapter",
                    "type": "ordinal",
                    "title": None,
                    "axis": {**ends, "labelAngle": 0, "labelFlush": True},
                },
                "y": {
                    "field": "points",
                    "type": "quantitative",
                    "title": None,
                    "axis": {"format": "~s", "tickCount": 3},
                },
                "color": {"field": "state", "type": "nominal", "scale": colours, "legend": None},
                "order": {"field": "place"},
            },
        },
        "resolve": {"scale": {"y": "independent"}, "axis": {"x": "independent"}},
        "spacing": 16,
    }


def _chapters(labels: Sequence[str]) -> dict[str, Any]:
    return {
        "field": "chapter",
        "type": "ordinal",
        "scale": {"domain": list(labels)},
        "title": None,
    }


CONFIG: Json = {
    "font": FONT,
    "aria": False,  # a figure says what it shows
    "view": {"stroke": None},
    "axis": {
        "labelColor": FAINT,
        "titleColor": FAINT,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": GRID,
        "ticks": False,
        "labelFontSize": 11,
        "titleFontSize": 11,
    },
    "axisX": {"grid": False, "labelPadding": 4},
    "legend": {"labelColor": INK, "labelFontSize": 12, "symbolType": "square", "columnPadding": 24},
    "header": {"labelColor": INK, "labelFontSize": 12},
}
