"""Every operation of the committed document, asked as a member and as staff for what it allows and forbids.

`make fuzz` asks longer.
"""

from collections.abc import Iterator

import pytest

from tests.support.fuzz import EXAMPLES, SEED, Fuzz, operations
from tests.support.scene import Scene
from tests.support.stack import Stack

OPERATIONS = operations()


@pytest.fixture(scope="module")
def scene(deployed: Stack) -> Iterator[Scene]:
    """What exists while the operations are asked; no offer that was put meanwhile outlives it."""
    print(f"\n{EXAMPLES} examples of each operation and role from SEED={SEED}")
    scene = Scene(deployed)
    try:
        yield scene
    finally:
        scene.close()


@pytest.mark.parametrize("role", ["member", "staff"])
@pytest.mark.parametrize("label", OPERATIONS)
def test_every_answer_is_as_documented(scene: Scene, label: str, role: str) -> None:
    fuzz = Fuzz(scene, OPERATIONS[label], staff=role == "staff")
    answer = fuzz.ask_plainly()
    assert bool(fuzz.successes) is fuzz.granted, f"{answer.status_code} {answer.text}"
    fuzz.answered.clear()
    fuzz.ask_at_the_boundaries()
    fuzz.ask_at_random()
    print(f"{role:6} {label:44}", *(f"{status}×{times}" for status, times in sorted(fuzz.answered.items())))
    assert bool(fuzz.successes) is fuzz.granted, "nothing drawn was granted: the drawing has become shallow"


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_operation_is_there_without_a_token(scene: Scene, label: str) -> None:
    """The gateway answers for itself here, and is the one who does not send problem details."""
    answer = Fuzz(scene, OPERATIONS[label], staff=True).ask_plainly(token=False)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
