"""The examples of the API's document are what a deployment answers: their story is played again.

It is played on a local cloud of its own, since lists and reports show what everybody does.
"""

import json
from collections.abc import Iterator

import pytest

from tests.support.stack import Stack
from tools.examples.likeness import Likeness
from tools.examples.play import Play
from tools.openapi import EXAMPLES


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that nothing has happened on."""
    stack = Stack(tmp_path_factory.mktemp("shop"))
    try:
        stack.up()
        yield stack
    finally:
        stack.try_local("reset")


def test_a_deployment_answers_as_the_examples_say(shop: Stack) -> None:
    recorded = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    play = Play(shop)
    played = list(play.run())
    likeness = Likeness(play.year - recorded["year"])
    wrong = [
        f"{call.operation} {call.name}{difference}"
        for call, found in played
        for difference in likeness.differences(
            recorded["examples"][call.operation][call.name], found.written()
        )
    ]
    assert not wrong, "\n".join([*wrong, "if this is meant: python -m tools.examples"])
