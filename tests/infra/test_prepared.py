"""The stacks that the local cloud is given are those that the infrastructure's code makes (H7)."""

import json
from pathlib import Path

import pytest

from local.prepared import CODE, DOCUMENTS, ENDPOINT, PAYMENTS, Prepared
from tests.support.stack import ROOT
from tools import prepared


@pytest.fixture(scope="module")
def kept() -> Prepared:
    """What is kept."""
    found = Prepared.of(ROOT)
    assert found is not None
    return found


def test_H7_the_kept_stacks_are_what_the_cdk_synthesises_now(kept: Prepared, tmp_path: Path) -> None:
    now = prepared.synthesise(tmp_path)
    assert kept.sources == now.sources
    assert [each.name for each in kept.stacks] == [each.name for each in now.stacks]
    for then, fresh in zip(kept.stacks, now.stacks, strict=True):
        assert json.loads(json.dumps(then.template)) == fresh.template, "run `make docs`"
        assert dict(then.tags) == dict(fresh.tags)


def test_H7_they_hold_until_something_changes_that_they_follow_from(kept: Prepared, tmp_path: Path) -> None:
    assert kept.holds(ROOT)
    assert not kept.holds(tmp_path)
    assert {"functions/platform/routes.py", "functions/domain/timetable.py", "infra", "cdk.json"} <= set(
        kept.sources
    )


def test_H7_what_is_kept_knows_no_machine_and_is_read_as_it_was_written(
    kept: Prepared, tmp_path: Path
) -> None:
    text = kept.text()
    assert str(ROOT) not in text
    assert "127.0.0.1" not in text
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "stacks.json").write_text(text, encoding="utf-8")
    assert Prepared.of(tmp_path) == kept


def test_H7_a_deployment_puts_the_endpoint_and_the_codes_names_in(kept: Prepared) -> None:
    names = {ENDPOINT: "http://127.0.0.1:1", CODE: "a.zip", DOCUMENTS: "b.zip", PAYMENTS: "c.zip"}
    texts = [each.deployable(names) for each in kept.stacks]
    for placeholder, name in names.items():
        assert not any(placeholder in text for text in texts)
        assert any(name in text for text in texts)
