"""A till in this process, at a time that the test sets."""

import copy
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import wechatpayv3.utils

from local.till.keys import Keys
from tests.support.till import Clock, Desk, Shop, opened, shop_listening


@pytest.fixture(scope="session")
def made() -> Keys:
    """Keys, made once."""
    return Keys.made()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the test, which WeChat Pay's SDK signs at, too."""
    clock = Clock()
    monkeypatch.setattr(wechatpayv3.utils, "time", SimpleNamespace(time=clock.time))
    return clock


@pytest.fixture
def shop() -> Iterator[Shop]:
    """A shop that listens."""
    with shop_listening() as shop:
        yield shop


@pytest.fixture
def desk(shop: Shop, clock: Clock, made: Keys) -> Iterator[Desk]:
    """A till that keeps nothing."""
    with opened(shop, clock, keys=Keys(copy.deepcopy(made.values))) as desk:
        yield desk
