"""The mutation check finds every kind of safeguard, takes out that one thing, and tells who noticed."""

import ast
import sys
import textwrap
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from functions.platform.dynamo import Tables, Transaction
from tools.mutations import __main__ as command
from tools.mutations import report, running, sites
from tools.mutations.equivalents import EQUIVALENT
from tools.mutations.report import Finding
from tools.mutations.running import CAUGHT, ERROR, SURVIVED, Outcome, RunError, TestMap
from tools.mutations.sites import Site

ROOT = Path(__file__).parent.parent.parent
FAKE = f"{sys.executable} tests/fake.py"
SURVIVES = f"{sys.executable} -c pass"


@cache
def every_site() -> list[Site]:
    """Return all sites of the code; looked for once, and by the one worker that asks."""
    return sites.find_all(ROOT)


def found(text: str, kind: str, path: str = "functions/shop/store.py") -> dict[str, str]:
    """Return the mutants of a kind that a piece of code has, as what changes by what it is called."""
    text = textwrap.dedent(text)
    return {site.what: site.change for site in sites.find(path, text) if site.kind == kind}


def test_a_conditional_put_of_a_transaction_becomes_a_plain_one() -> None:
    text = """
        def place(transaction):
            transaction.put_new(table, row_of(order))
            transaction.put_over(table, row)
    """
    assert list(found(text, "condition").values()) == [
        "transaction.put_new(table, row_of(order))"
        '  =>  transaction._put(table, row_of(order), "attribute_not_exists(#never_set)", {})',
        "transaction.put_over(table, row)"
        '  =>  transaction._put(table, row, "attribute_not_exists(#never_set)", {})',
    ]


def test_a_conditional_put_outside_of_a_transaction_says_that_it_was_put() -> None:
    text = """
        def note(self):
            self.tables.put_newer(table, row, by="at")
            return self.tables.put_new(table, row)
    """
    assert list(found(text, "condition").values()) == [
        'self.tables.put_newer(table, row, by="at")  =>  self.tables.put(table, row)',
        "self.tables.put_new(table, row)  =>  (self.tables.put(table, row) is None)",
    ]


def test_a_requirement_is_left_out_and_another_require_is_none() -> None:
    text = """
        def adjust(self, transaction):
            self.require(order_id)
            transaction.require(table, key, condition="attribute_not_exists(#erased)")
    """
    changes = list(found(text, "condition").values())
    assert len(changes) == 2
    assert changes[0].endswith("=>  pass")


def test_each_term_of_a_condition_is_neutralised_with_its_values_still_used() -> None:
    text = """
        def take(transaction):
            transaction.update(table, key, expression="SET #a = :a", condition="#a >= :b AND #c = :c")
    """
    assert found(text, "condition") == {
        "#a >= :b": "#a >= :b  =>  (#a >= :b OR attribute_not_exists(#never_set))",
        "#c = :c": "#c = :c  =>  (#c = :c OR attribute_not_exists(#never_set))",
    }


def test_a_condition_is_followed_to_where_its_variable_is_set() -> None:
    text = """
        def put_newer(self, by):
            condition = f"attribute_not_exists(#{key(row)}) OR #{by} <= :{by}"
            self.client.put_item(ConditionExpression=condition)

        def query(self):
            condition = "#partition = :partition"
            self.client.query(**{"KeyConditionExpression": condition})
    """
    assert found(text, "condition").keys() == {
        "all of attribute_not_exists(#{key(row)}) OR #{by} <= :{by}",
        "attribute_not_exists(#{key(row)})",
        "#{by} <= :{by}",
    }


def test_a_condition_that_is_passed_on_holds_whatever_it_is() -> None:
    text = """
        def conditioned(condition):
            return {"ConditionExpression": condition}
    """
    assert found(text, "condition") == {
        "any condition": 'condition  =>  f"({condition}) OR NOT ({condition})"'
    }


def test_versions_are_not_counted_not_checked_and_not_compared() -> None:
    text = """
        def change(transaction, before, after, lot, order):
            if after.version != before.version:
                transaction.put_version(table, row_of(after), replaces=before.version)
            if lot.lacks(order):
                unseen = order.changes[lot.posted : lot.posted + 9]
                more = change.points - lot.points
            return replace(after, version=before.version + 1, posted=lot.posted + len(unseen))
    """
    assert set(found(text, "version").values()) == {
        "after.version != before.version  =>  True",
        "after.version != before.version  =>  False",
        "transaction.put_version(table, row_of(after), replaces=before.version)"
        '  =>  transaction._put(table, row_of(after), "attribute_not_exists(#never_set)", {})',
        "lot.lacks(order)  =>  True",
        "lot.lacks(order)  =>  False",
        "lot.posted  =>  0",
        "change.points - lot.points  =>  change.points",
        "before.version + 1  =>  before.version",
        "lot.posted + len(unseen)  =>  lot.posted",
    }


def test_ids_are_fresh_or_lack_a_part() -> None:
    text = """
        def place(self, member_id, key_of_request):
            order_id = identifiers.order_id(member_id, key_of_request)
            self.client.transact_write_items(TransactItems=actions, ClientRequestToken=self.token)
            spent = payment_key(payment_id)
            row = key(member_id, LOT + order_id)
            notice = key(member_id, f"{NOTICE}{year}#{entry.number:0{_DIGITS}}")

        def order_id(member_id, idempotency_key):
            return _derive("ord", member_id, idempotency_key)
    """
    fresh = sites.FRESH
    assert set(found(text, "key").values()) == {
        f"member_id  =>  {fresh}",
        f"self.token  =>  {fresh}",
        f"payment_id  =>  {fresh}",
        f"order_id  =>  {fresh}",
        "{year}  =>  ",
        "{entry.number:0{_DIGITS}}  =>  ",
        'member_id  =>  ""',
        'idempotency_key  =>  ""',
    }


def test_a_repeat_is_not_recognised_and_its_contents_are_not_compared() -> None:
    text = """
        def pay(self):
            if spent is not None and (spent["order_id"], spent["fen"]) != (order_id, fen):
                raise InvalidError("payment_id_reused")
            try:
                act()
            except RefusalError:
                order = self.find(order_id)
                if order is None:
                    raise
    """
    changes = set(found(text, "key").values())
    assert {
        'order_id  =>  ((spent["order_id"], spent["fen"]))[0]',
        'fen  =>  ((spent["order_id"], spent["fen"]))[1]',
        "order is None  =>  True",
        'spent is not None and (spent["order_id"], spent["fen"]) != (order_id, fen)  =>  False',
    } <= changes


def test_roundings_go_the_other_way() -> None:
    text = """
        def shares(a, b):
            low = round_half_up(a * rate)
            half = (2 * a + b) // (2 * b)
            part = Fraction(a, b)
            most = a - a % step
            if a % step:
                raise ValueError
            return moment.astimezone(UTC).replace(microsecond=0)
    """
    assert set(found(text, "rounding").values()) == {
        "round_half_up(a * rate)  =>  int((a * rate) // 1)",
        "round_half_up(a * rate)  =>  -int(-(a * rate) // 1)",
        "(2 * a + b) // (2 * b)  =>  -(-(2 * a + b) // (2 * b))",
        "2 * a + b  =>  2 * a",
        "2 * a + b  =>  2 * a + b - 1",
        "Fraction(a, b)  =>  Fraction((a) // (b))",
        "a - a % step  =>  a",
        "a % step  =>  False",
        "moment.astimezone(UTC).replace(microsecond=0)  =>  moment.astimezone(UTC)",
    }


def test_checks_of_state_are_skipped_whole_and_in_part() -> None:
    text = """
        def cancel(order, rows):
            if order.status is SHIPPED or order.returned:
                raise ConflictError
            if had > has:
                give_back(had - has)
            due = [row for row in rows if row["due"] <= now]
            applied = order.status is PLACED
            return order.release_at or now
    """
    assert set(found(text, "guard").values()) == {
        "order.status is SHIPPED or order.returned  =>  False",
        "order.status is SHIPPED  =>  False",
        "order.returned  =>  False",
        "had > has  =>  True",
        'row["due"] <= now  =>  True',
        "order.status is PLACED  =>  True",
        "order.status is PLACED  =>  False",
        "order.release_at  =>  False",
    }


def test_what_only_lets_another_operand_be_read_is_no_site() -> None:
    text = """
        def done(row):
            if row is not None and row.end <= now:
                return
    """
    assert "row is not None  =>  True" not in found(text, "guard").values()


def test_a_change_stands_where_it_is_said_to_after_other_letters() -> None:
    (site,) = [
        each
        for each in sites.find("functions/a.py", 'def f():\n    return "é", version + 1\n')
        if each.kind == "version"
    ]
    assert site.mutant('def f():\n    return "é", version + 1\n') == 'def f():\n    return "é", version\n'
    assert site.name == "functions/a.py:2 f: version + 1 not counted"


def test_a_site_of_another_text_is_refused() -> None:
    (site,) = sites.find("functions/a.py", "a = version + 1\n")
    with pytest.raises(ValueError, match="is not the text"):
        site.mutant("a = revision + 1\n")


@pytest.mark.parametrize("kind", sites.KINDS)
def test_the_code_has_sites_of_every_kind(kind: str) -> None:
    assert [site for site in every_site() if site.kind == kind]


def test_every_mutant_is_code_and_differs_by_its_change_alone() -> None:
    texts = {site.path: (ROOT / site.path).read_text(encoding="utf-8") for site in every_site()}
    for site in every_site():
        text = texts[site.path]
        mutant = site.mutant(text)
        ast.parse(mutant)
        assert mutant != text
        assert mutant.startswith(text[: site.start])
        assert mutant.endswith(text[site.end :])
        assert len(mutant) - len(text) == len(site.new) - len(site.old)


def test_names_are_one_line_and_tell_each_site_from_every_other() -> None:
    assert len({site.key for site in every_site()}) == len(every_site())
    assert not [site for site in every_site() if "\n" in site.name + site.change]


def test_what_is_called_equivalent_is_there() -> None:
    assert EQUIVALENT.keys() - {site.key for site in every_site()} == set()
    assert all(EQUIVALENT.values())


def test_mutants_call_what_there_is() -> None:
    assert hasattr(Transaction, "_put")
    assert hasattr(Tables, "put")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one function, one safeguard and a test of it, and a simulator."""
    root = tmp_path / "root"
    (root / "functions").mkdir(parents=True)
    (root / "tests" / "unit").mkdir(parents=True)
    (root / "functions" / "__init__.py").write_text("")
    (root / "functions" / "store.py").write_text("def after(version):\n    return version + 1\n")
    (root / "tests" / "unit" / "test_store.py").write_text(
        "from functions.store import after\n\n\ndef test_after():\n    assert after(1) == 2\n"
    )
    (root / "tests" / "fake.py").write_text(
        "from functions.store import after\n"
        "if after(1) != 2:\n"
        "    print('step 7')\n"
        "    print('violation: V1: a version was used twice')\n"
        "    raise SystemExit(1)\n"
    )
    return root


def checked(tree: Path, *arguments: str) -> list[Finding]:
    """Run the check on a tree's sites."""
    return command.check(command.options(arguments), sites.find_all(tree), tree)


def test_the_simulator_names_the_violation(tree: Path) -> None:
    (finding,) = checked(tree, "--simulate", FAKE)
    assert finding.simulator is not None
    assert (finding.simulator.result, finding.simulator.detail) == (CAUGHT, "V1")
    assert finding.tests is None


def test_the_tests_that_pass_through_name_the_first_that_fails(tree: Path) -> None:
    (finding,) = checked(tree, "--simulate", "", "--tests", "--json", str(tree.parent / "found.json"))
    assert finding.tests is not None
    assert (finding.tests.result, finding.tests.detail) == (CAUGHT, "tests/unit/test_store.py::test_after")


def test_what_nothing_notices_survives(tree: Path) -> None:
    (finding,) = checked(tree, "--simulate", SURVIVES)
    assert finding.simulator is not None
    assert finding.simulator.result == SURVIVED
    assert not finding.caught


def test_nothing_is_said_where_the_whole_code_fails(tree: Path) -> None:
    with pytest.raises(RunError, match="simulator"):
        checked(tree, "--simulate", f"{sys.executable} -c 'raise SystemExit(1)'")
    (tree / "functions" / "store.py").write_text("def after(version):\n    return version + 2\n")
    with pytest.raises(RunError, match="test_after"):
        checked(tree, "--simulate", "", "--tests")


def test_what_was_found_is_not_run_again_unless_the_code_is_another(tree: Path) -> None:
    file = tree.parent / "found.json"
    first = checked(tree, "--simulate", FAKE, "--json", str(file))
    again = checked(tree, "--simulate", FAKE, "--json", str(file))
    assert again == first
    assert len(file.read_text().splitlines()) == 1
    (tree / "functions" / "store.py").write_text("def after(version):\n    return version - 1 + 2\n")
    checked(tree, "--simulate", SURVIVES, "--json", str(file))
    assert len(file.read_text().splitlines()) == 2


def test_what_hangs_is_caught_and_leaves_nothing_behind(tree: Path, tmp_path: Path) -> None:
    written = tmp_path / "written"
    child = f"import time; time.sleep(2); open({str(written)!r}, 'w')"
    (tree / "tests" / "hangs.py").write_text(
        f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])\n"
    )
    outcome = running.simulate(tree, f"{sys.executable} tests/hangs.py", seconds=0.5)
    assert (outcome.result, outcome.detail) == (CAUGHT, "time-out")
    time.sleep(2.5)
    assert not written.exists()


@pytest.mark.parametrize("options", ["", "-v"])
def test_a_test_that_hangs_is_named_whatever_who_runs_it_has_tests_say(
    tree: Path, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", options)
    (tree / "tests" / "unit" / "test_hang.py").write_text(
        "import time\n\n\ndef test_waits():\n    time.sleep(60)\n"
    )
    outcome = running.test(tree, ["tests/unit/test_hang.py"], seconds=1, usually=10.0)
    assert (outcome.result, outcome.detail) == (CAUGHT, "time-out: tests/unit/test_hang.py::test_waits")


def test_another_end_is_an_error_of_the_run(tree: Path) -> None:
    outcome = running.simulate(tree, f"{sys.executable} -c 'raise SystemExit(3)'", seconds=20)
    assert (outcome.result, outcome.detail) == (ERROR, "status 3: nothing said")


def test_a_copy_imports_its_own_code_and_leaves_the_tree_alone(tree: Path) -> None:
    (site,) = sites.find_all(tree)
    before = (tree / site.path).read_text()
    with running.without(tree, site) as copy:
        assert (copy / site.path).read_text() == site.mutant(before)
    assert not copy.exists()
    assert (tree / site.path).read_text() == before


def test_code_of_elsewhere_is_refused(tree: Path) -> None:
    (tree / "functions" / "__init__.py").unlink()
    with pytest.raises(RunError, match="not the copy's"):
        running.require_own_code(tree)


def test_tests_are_chosen_by_the_lines_they_pass_through_the_quickest_first() -> None:
    (site,) = sites.find("functions/a.py", "def f():\n    return version + 1\n")
    names = ["tests/unit/other", "tests/unit/quick", "tests/stores/slow", "tests/stores/quick"]
    tests = TestMap(
        digest="",
        names=names,
        seconds={"tests/stores/slow": 2.0, "tests/stores/quick": 0.1, "tests/unit/quick": 0.1},
        lines={"functions/a.py": {"1": [0], "2": [1, 2, 3]}},
    )
    assert tests.through(site) == ["tests/stores/quick", "tests/stores/slow", "tests/unit/quick"]
    assert tests.through(replace(site, kind="guard"))[2] == "tests/stores/slow"
    assert tests.through(replace(site, line=9, last_line=9)) != []
    assert tests.first(tests.through(site), 2.15) == ["tests/stores/quick", "tests/stores/slow"]
    assert tests.first(tests.through(site), 0.0) == ["tests/stores/quick"]
    assert tests.through(replace(site, path="functions/b.py")) == []


def test_the_table_has_survivors_first_and_equivalents_last() -> None:
    found_here = sites.find(
        "functions/a.py", "def f():\n    a = version + 1\n    b = a.version + 1\n    c = b.version + 1\n"
    )
    first, second, third = found_here
    findings = {
        first.key: Finding(
            site=first.key, change=first.change, simulator=Outcome(result=CAUGHT, detail="V1")
        ),
        second.key: Finding(site=second.key, change=second.change, simulator=Outcome(result=SURVIVED)),
    }
    text = report.table(found_here, findings, {third.key: "it is | so"})
    assert "| version | 2 | 2 | 1 | 0 | 1 | 1 |" in text
    assert text.index(second.name) < text.index(first.name) < text.index("it is \\| so")
    assert "| `V1` | not asked |" in text


def test_shards_share_the_work() -> None:
    parts = [command.chosen(command.options(["--shard", f"{part}/3"]), every_site()) for part in (1, 2, 3)]
    whole = command.chosen(command.options([]), every_site())
    assert sorted(site.key for part in parts for site in part) == sorted(site.key for site in whole)
    assert len(whole) == len(every_site()) - len(EQUIVALENT)


def test_only_what_is_asked_for_is_chosen() -> None:
    asked = command.options(["--kind", "version", "--only", "members.py"])
    some = command.chosen(asked, every_site())
    assert some
    assert all(site.kind == "version" and "tiers/members.py" in site.path for site in some)
