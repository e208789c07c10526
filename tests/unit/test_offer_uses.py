"""What a member has had of campaigns: until when it is kept (V2, V14)."""

from datetime import UTC, datetime, timedelta

from functions.offers.uses import KEPT_AFTER_END, Use, Uses

ENDS_AT = datetime(2026, 6, 1, tzinfo=UTC)
USES = Uses(version=3, of={"spring": Use(orders=1, until=ENDS_AT)})
LONG_AFTER = ENDS_AT + KEPT_AFTER_END


def test_V14_uses_of_a_campaign_that_ended_long_ago_are_left_out() -> None:
    assert USES.without_old(LONG_AFTER - timedelta(seconds=1), ()) is USES
    assert USES.without_old(LONG_AFTER, ()).of == {}


def test_V14_uses_are_kept_of_a_campaign_whose_end_was_put_off_since() -> None:
    assert USES.without_old(LONG_AFTER, {"spring"}).orders_of("spring") == 1
