"""The page about the till names all that it can be asked, and nothing else."""

import re
from dataclasses import fields

from local.till.faults import CALLS, Kind
from local.till.plans import Plan, RefundPlan
from local.till.till import Till
from tests.support.stack import ROOT

PAGE = (ROOT / "docs" / "till.md").read_text(encoding="utf-8")


def test_its_routes_are_those_that_are_there() -> None:
    told = set(re.findall(r"^\| `((?:GET|POST|DELETE) /till[a-z/]*)", PAGE, re.MULTILINE))
    assert told | {"GET /till/faults", "DELETE /till/faults"} == set(Till("http://127.0.0.1:1").routes)


def test_its_plans_and_faults_are_those_that_are_there() -> None:
    members = {field.name for plan in (Plan, RefundPlan) for field in fields(plan)}
    assert members == set(re.findall(r"^\| `([a-z_]+)` \|", PAGE, re.MULTILINE)) - {"kind", *Kind}
    assert set(Kind) <= set(re.findall(r"`([a-z_]+)`", PAGE))
    assert ", ".join(f"`{call}`" for call in CALLS) in PAGE
