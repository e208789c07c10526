"""Which tests a context calls its own, and which go to a worker together (H6)."""

import pytest

from tests.conftest import HERE, TOGETHER, contexts, of_context, scope_of


def test_H6_a_context_is_a_package_of_the_functions_and_nothing_that_all_stand_on() -> None:
    assert {"points", "tiers", "coupons"} <= set(contexts())
    assert not {"domain", "platform"} & set(contexts())


@pytest.mark.parametrize(
    ("file", "context", "is_one"),
    [
        ("handlers/test_points.py", "points", True),  # by its name: it asks over HTTP and imports none
        ("unit/test_ledger.py", "points", True),  # by what it imports
        ("unit/test_ledger.py", "coupons", False),
        ("stores/test_coupons.py", "tiers", False),  # which it needs, but is not about
        ("e2e/test_points.py", "points", False),  # needs a deployment
    ],
)
def test_H6_a_contexts_tests_are_named_after_it_or_mostly_import_it_and_need_no_deployment(
    file: str, context: str, is_one: bool
) -> None:
    assert of_context(HERE / file, context) is is_one


def test_H6_every_context_has_tests_of_its_own() -> None:
    files = sorted(HERE.rglob("test_*.py"))
    assert [each for each in contexts() if not any(of_context(file, each) for file in files)] == []


def test_H6_tests_are_handed_out_one_by_one_but_for_those_that_share_what_takes_long() -> None:
    alone = "tests/e2e/test_points.py::test_a[tests/infra/x]"
    assert scope_of(alone) == alone
    assert scope_of("tests/infra/test_alarms.py::test_a") == scope_of("tests/infra/test_rights.py::test_b")
    assert scope_of("tests/e2e/test_recovery.py::test_a[x]") == "tests/e2e/test_recovery.py"
    assert [each for each in TOGETHER if not (HERE.parent / each).exists()] == []
