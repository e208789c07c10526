"""The gate before what the emulator starts: held for a while, released, or shut for good."""

from local.gate import Gate


class World:
    """A gate, and time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.gate = Gate(lambda: self.now)

    def open(self) -> bool:
        with self.gate.passage() as is_open:
            return is_open


def test_it_is_open_until_somebody_holds_it_and_again_after_the_release() -> None:
    world = World()
    assert world.open()
    world.gate.hold(30)
    assert not world.open()
    world.gate.release()
    assert world.open()


def test_a_hold_that_nobody_releases_ends_by_itself() -> None:
    world = World()
    world.gate.hold(30)
    world.now = 29.9
    assert not world.open()
    world.now = 30.0
    assert world.open()


def test_what_is_shut_for_good_no_release_opens() -> None:
    world = World()
    world.gate.hold(30)
    world.gate.shut()
    world.gate.release()
    world.now = 3_600.0
    assert not world.open()


def test_who_passed_before_the_hold_is_inside_until_done() -> None:
    gate = World().gate
    with gate.passage():
        gate.hold(30)
        with gate.passage() as is_open:
            assert (is_open, gate.inside) == (False, 1)
    assert gate.inside == 0
