"""Coupons of templates under races and faults: limits are exact, and repeats count once (V10, V15)."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import partial

import pytest

from functions.counters import counter, heat
from functions.counters.audit import faults
from functions.counters.counter import Spread
from functions.counters.heat import CONFLICTS_HOT
from functions.counters.keeping import GROWTH
from functions.counters.spreading import spread_over
from functions.counters.stream import Keeper
from functions.coupons import held as holding
from functions.coupons.attempts import GUESSES_MAX
from functions.coupons.batches import Batch, Batches
from functions.coupons.claims import Claims
from functions.coupons.code_rows import uses_counter
from functions.coupons.held import Held, Ref, coupon_key, held_of
from functions.coupons.issuing import Given, Giving
from functions.coupons.redeeming import Redeeming
from functions.coupons.template_rows import claims_counter
from functions.coupons.template_store import Templates
from functions.coupons.templates import Days, Template, Worth
from functions.coupons.worths import KEPT_MAX, Worths
from functions.domain.errors import RefusalError
from functions.domain.scope import Scope
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError
from tests.support.events import Context, stream_record
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    cancelled,
)
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

WELCOME = Template(
    template_id="welcome",
    version=0,
    name="Welcome",
    worth=Worth(kind="amount", face_value_fen=2_000, scope=Scope(everything=True)),
    valid=Days(days=1),
    claimable=True,
)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Desk:
    """The stores that give coupons to members."""

    shop: Shop

    @property
    def giving(self) -> Giving:
        """What they are given with; nothing of it is kept from one call to the next."""
        tables, settings = self.shop.tables, self.shop.settings
        return Giving(
            tables=tables,
            table=settings.members_table,
            catalog_table=settings.catalog_table,
            worths=Worths(tables, settings.catalog_table),
            zone=self.shop.policy.zone,
        )

    def put(self, template: Template = WELCOME) -> int:
        """Put a template; return how many claims of it there were."""
        return self.templates.put(template, NOON, Deadline(20))[0].claimed

    @property
    def templates(self) -> Templates:
        """The templates."""
        return Templates(self.shop.tables, self.shop.settings.catalog_table)

    def claim(self, member_id: str, key: str = "k1", at: datetime = NOON) -> Given:
        """Claim a coupon."""
        return Claims(self.giving).claim(member_id, "welcome", key, at, Deadline(20))

    def issue(self, member_id: str, issue_id: str = "i1", at: datetime = NOON) -> Given:
        """Give a member a coupon."""
        return Claims(self.giving).issue(
            member_id, "welcome", issue_id, operator="clerk", at=at, deadline=Deadline(20)
        )

    def make(self, batch: Batch) -> Sequence[str]:
        """Make codes."""
        batches = Batches(self.shop.tables, self.shop.settings.catalog_table)
        return batches.make(batch, operator="clerk", at=NOON, deadline=Deadline(20))[0]

    def codes(self, count: int) -> Sequence[str]:
        """Make unique codes."""
        return self.make(Batch(template_id="welcome", batch_id="b1", count=count))

    def redeem(self, member_id: str, code: str, guess_id: str = "g", at: datetime = NOON) -> Given:
        """Get a coupon for a code."""
        return Redeeming(self.giving).redeem(member_id, code, guess_id, at, Deadline(20))

    def held(self, member_id: str) -> Held:
        """Return what a member has."""
        return held_of(self.shop.tables.get(self.shop.settings.members_table, holding.key(member_id)))

    def own(self, member_id: str) -> list[str]:
        """Return the ids of all coupons that a member has ever got."""
        rows = self.shop.tables.query_all(
            self.shop.settings.members_table,
            partition=("member_id", member_id),
            prefix=("item", holding.OF_TEMPLATE),
            page=100,
        )
        return [row["coupon_id"] for row in rows]

    def claimed(self) -> int:
        """Return how many claims there were of the template."""
        return self.templates.get("welcome", Deadline(20)).claimed


@pytest.fixture
def desk(shop: Shop) -> Desk:
    """Where coupons are given to alice and others."""
    for name in ("alice", "bob"):
        shop.register(name)
    return Desk(shop)


def outcome(result: Given | RefusalError) -> str:
    """Return what came of a call: a coupon, the same again, or a refusal's code."""
    if isinstance(result, RefusalError):
        return result.code
    return "again" if result.repeat else "got"


def refused(act: Callable[[], object]) -> str:
    """Return the code with which something is refused."""
    with pytest.raises(RefusalError) as refusal:
        act()
    return refusal.value.code


def guess_wrongly(desk: Desk, guess_id: str) -> str:
    """Send a code that never was; return the code of the refusal."""
    return refused(partial(desk.redeem, "alice", "WRONG", guess_id))


def guess_too_often(desk: Desk) -> None:
    """Send as many wrong codes as anybody may."""
    for number in range(GUESSES_MAX):
        guess_wrongly(desk, f"g{number}")


def test_V10_the_last_claim_goes_to_exactly_one(desk: Desk) -> None:
    for number in range(12):
        desk.shop.register(f"m{number}")
    desk.put(replace(WELCOME, total=1))
    results = at_once(12, lambda number: desk.claim(f"m{number}"))
    assert Counter(map(outcome, results)) == {"got": 1, "template_exhausted": 11}
    assert sum(len(desk.own(f"m{number}")) for number in range(12)) == 1
    assert desk.claimed() == 1


def test_V15_the_last_claims_of_a_hot_template_go_one_to_each(desk: Desk) -> None:
    for number in range(12):
        desk.shop.register(f"m{number}")
    desk.put(replace(WELCOME, total=8))
    claims = claims_counter(desk.shop.settings.catalog_table, "welcome")
    assert spread_over(desk.shop.tables, claims, 6, Deadline(20)) == 6
    results = at_once(12, lambda number: desk.claim(f"m{number}"))
    told = Counter(map(outcome, results))
    assert told["got"] + told["template_exhausted"] + told["conflict"] == 12
    for number in range(12):  # who was told to try again does so
        if outcome(results[number]) == "conflict":
            told[outcome_of(desk, number)] += 1
    assert told["got"] == 8
    assert desk.claimed() == 8
    rows = desk.shop.tables.batch_get(claims.keys(6), Deadline(20))
    assert faults(claims, rows) == []


def outcome_of(desk: Desk, number: int) -> str:
    """Claim once more, and return what came of it."""
    try:
        return outcome(desk.claim(f"m{number}"))
    except RefusalError as refusal:
        return refusal.code


BUSY = cancelled("None", "None", "None", "TransactionConflict")
"""Another one has the row of the counter, which is a claim's fourth."""


@pytest.mark.parametrize("of", ["a template", "a code"])
def test_V15_a_counter_that_many_want_at_once_is_spread_over_more_rows(
    desk: Desk, calls: Calls, of: str
) -> None:
    desk.put(replace(WELCOME, total=100))
    table, tables = desk.shop.settings.catalog_table, desk.shop.tables
    if of == "a template":
        wanted, busy = claims_counter(table, "welcome"), BUSY
        act: Callable[[], Given] = partial(desk.claim, "alice")
    else:
        (code,) = desk.make(Batch(template_id="welcome", batch_id="b1", code="SUMMER", limit=100))
        wanted, busy = uses_counter(table, "SUMMER"), cancelled("None", *["None"] * 3, "TransactionConflict")
        act = partial(desk.redeem, "alice", code)
    calls.fail("TransactWriteItems", *[busy] * CONFLICTS_HOT)
    assert outcome(act()) == "got"
    hot = tables.get(table, heat.beside(wanted))
    assert hot is not None
    keeper = Keeper(tables, desk.shop.settings, lambda: NOON)
    assert keeper({"Records": [stream_record(hot)]}, Context()) == {"batchItemFailures": []}
    home = tables.get(table, wanted.home)
    assert home is not None
    assert Spread.of(home).rows == GROWTH
    rows = tables.batch_get(wanted.keys(GROWTH), Deadline(20))
    assert faults(wanted, rows) == []
    assert sum(row[wanted.amount] for row in rows if row is not None) == 99
    assert keeper({"Records": [stream_record(home)]}, Context()) == {"batchItemFailures": []}
    assert outcome(act()) == "again"


def test_V10_what_a_template_says_from_its_answer_on_holds_in_every_row_of_a_hot_one(desk: Desk) -> None:
    desk.put()
    claims = claims_counter(desk.shop.settings.catalog_table, "welcome")
    spread_over(desk.shop.tables, claims, 5, Deadline(20))
    desk.put(replace(WELCOME, name="Other", total=40))
    home, *others = desk.shop.tables.batch_get(claims.keys(5), Deadline(20))
    assert home is not None
    assert {Spread.of(home).terms, *(row[counter.TERMS] for row in others if row is not None)} == {2}
    assert [outcome(desk.claim("alice", f"k{number}")) for number in range(40)] == ["got"] * 40
    assert refused(lambda: desk.claim("alice", "k40")) == "template_exhausted"
    assert refused(lambda: desk.put(replace(WELCOME, name="Other", total=39))) == "limit_in_use"
    assert desk.put(replace(WELCOME, name="Other", total=45)) == 40
    assert desk.put(replace(WELCOME, name="Other", total=41)) == 40
    assert outcome(desk.claim("alice", "k41")) == "got"


def test_V10_a_claim_meets_a_lowered_limit_or_is_counted_by_it(desk: Desk) -> None:
    for number in range(8):
        desk.shop.register(f"m{number}")
    desk.put(replace(WELCOME, total=20))

    def act(number: int) -> str:
        if number == 8:
            desk.put(replace(WELCOME, total=4))
            return "put"
        return outcome(desk.claim(f"m{number}"))

    results = at_once(9, act)
    got = results.count("got")
    if "put" in results:
        assert got <= 4
        assert desk.claimed() == got
    else:
        assert got > 4
    assert desk.claimed() == sum(len(desk.own(f"m{number}")) for number in range(8))


def test_V10_a_member_claims_no_more_than_they_may_however_many_they_send_at_once(desk: Desk) -> None:
    desk.put(replace(WELCOME, per_member=2))
    results = at_once(8, lambda number: desk.claim("alice", f"k{number}"))
    told = Counter(map(outcome, results))
    assert (told["got"], told["got"] + told["already_claimed"]) == (2, 8)
    assert desk.claimed() == len(desk.own("alice")) == 2


def test_R1_one_key_sent_at_once_is_one_coupon(desk: Desk) -> None:
    desk.put(replace(WELCOME, total=1, per_member=1))
    results = at_once(8, lambda _: desk.claim("alice"))
    assert Counter(map(outcome, results)) == {"got": 1, "again": 7}
    assert len({result.coupon.coupon_id for result in results if isinstance(result, Given)}) == 1
    assert desk.claimed() == 1


def test_V10_no_member_has_more_than_fifty_whatever_comes_at_once(desk: Desk) -> None:
    desk.put()
    found = desk.codes(4)
    for number in range(46):
        desk.claim("alice", f"before{number}")

    def act(number: int) -> Given:
        match number % 3:
            case 0:
                return desk.claim("alice", f"k{number}")
            case 1:
                return desk.issue("alice", f"i{number}")
        return desk.redeem("alice", found[number // 3])

    told = Counter(map(outcome, at_once(12, act)))
    assert (told["got"], told["got"] + told["too_many_coupons"]) == (4, 12)
    assert len(desk.held("alice").coupons) == len(desk.own("alice")) == 50


def test_R1_an_issue_id_sent_at_once_is_one_coupon_of_one_member(desk: Desk) -> None:
    desk.put()
    results = at_once(8, lambda number: desk.issue("alice" if number % 2 else "bob"))
    told = Counter(map(outcome, results))
    assert told == {"got": 1, "again": 3, "issue_id_reused": 4}
    assert len(desk.own("alice")) + len(desk.own("bob")) == 1


def test_V10_a_unique_code_works_once_however_many_send_it_at_once(desk: Desk) -> None:
    desk.put()
    (code,) = desk.codes(1)
    results = at_once(8, lambda number: desk.redeem("alice" if number % 2 else "bob", code, f"g{number}"))
    told = Counter(map(outcome, results))
    assert told == {"got": 1, "again": 3, "code_not_valid": 4}
    assert len(desk.own("alice")) + len(desk.own("bob")) == 1


@pytest.mark.parametrize("in_rows", [1, 4])
def test_V15_a_shared_code_is_used_as_often_as_it_may_be(desk: Desk, in_rows: int) -> None:
    for number in range(10):
        desk.shop.register(f"m{number}")
    desk.put()
    (code,) = desk.make(Batch(template_id="welcome", batch_id="b1", code="SUMMER", limit=6))
    uses = uses_counter(desk.shop.settings.catalog_table, code)
    spread_over(desk.shop.tables, uses, in_rows, Deadline(20))
    results = at_once(10, lambda number: desk.redeem(f"m{number}", code))
    got = [outcome(result) for result in results].count("got")
    for number in range(10):
        if outcome(results[number]) == "conflict":
            got += outcome(desk.redeem(f"m{number}", code)) == "got"
    assert got == 6
    assert sum(len(desk.own(f"m{number}")) for number in range(10)) == 6


def test_V10_of_guesses_sent_at_once_no_more_are_told_of_than_of_those_sent_one_by_one(desk: Desk) -> None:
    results = at_once(16, lambda number: desk.redeem("alice", "WRONG", f"g{number}"))
    told = Counter(map(outcome, results))
    for number in range(16):  # who had to try again does so
        if outcome(results[number]) == "conflict":
            told[guess_wrongly(desk, f"h{number}")] += 1
    assert told["code_not_valid"] == GUESSES_MAX
    assert told["too_many_attempts"] == 16 - GUESSES_MAX


def test_V10_a_right_code_among_too_many_guesses_comes_too_late(desk: Desk, calls: Calls) -> None:
    desk.put()
    (code,) = desk.codes(1)
    calls.do_before("TransactWriteItems", partial(guess_too_often, desk))  # after it was looked up
    assert refused(partial(desk.redeem, "alice", code)) == "too_many_attempts"
    assert desk.own("alice") == []


def test_V10_that_a_code_is_for_other_tiers_is_told_in_line_with_the_guesses(
    desk: Desk, calls: Calls
) -> None:
    desk.put(replace(WELCOME, tiers=frozenset({"J5"})))
    (code,) = desk.codes(1)
    calls.do_before("PutItem", partial(guess_too_often, desk))
    assert refused(partial(desk.redeem, "alice", code)) == "too_many_attempts"


FAULTS = pytest.mark.parametrize(
    "fault",
    [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER, THROTTLED],
    ids=["reset", "lost", "500", "throttled"],
)


@FAULTS
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_R1_a_lost_answer_makes_no_second_coupon(desk: Desk, calls: Calls, fault: Fault, sends: int) -> None:
    desk.put(replace(WELCOME, total=1, per_member=1))
    calls.fail("TransactWriteItems", *[fault] * sends)
    assert desk.claim("alice").coupon.template_id == "welcome"
    assert outcome(desk.claim("alice")) == "again"
    assert desk.claimed() == len(desk.own("alice")) == len(desk.held("alice").coupons) == 1


@FAULTS
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_R1_a_lost_answer_to_an_issue_or_a_code_makes_no_second_coupon(
    desk: Desk, calls: Calls, fault: Fault, sends: int
) -> None:
    desk.put()
    (code,) = desk.codes(1)
    acts: list[Callable[[], Given]] = [partial(desk.issue, "alice"), partial(desk.redeem, "bob", code)]
    for act in acts:
        calls.fail("TransactWriteItems", *[fault] * sends)
        act()
        assert outcome(act()) == "again"
    assert len(desk.own("alice")) == len(desk.own("bob")) == 1


@FAULTS
@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
def test_V10_a_guess_whose_answer_is_lost_is_counted_once(
    desk: Desk, calls: Calls, fault: Fault, sends: int
) -> None:
    for number in range(GUESSES_MAX):
        calls.fail("PutItem", *[fault] * sends)
        assert guess_wrongly(desk, f"g{number}") == "code_not_valid"
    assert refused(lambda: desk.redeem("alice", "WRONG", "h")) == "too_many_attempts"


@FAULTS
def test_V10_a_batch_that_was_broken_off_is_gone_on_with(desk: Desk, calls: Calls, fault: Fault) -> None:
    desk.put()
    batch = Batch(template_id="welcome", batch_id="b1", count=150)
    calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK)
    found = desk.make(batch)
    assert len(set(found)) == 150
    assert desk.make(batch) == found
    assert outcome(desk.redeem("alice", found[0])) == outcome(desk.redeem("alice", found[149])) == "got"


def test_V10_a_batch_sent_at_once_is_one(desk: Desk) -> None:
    desk.put()
    found = at_once(4, lambda _: tuple(desk.codes(120)))
    assert len({each for each in found if not isinstance(each, RefusalError)}) == 1


def test_V10_codes_that_another_batch_has_are_drawn_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put()
    seeds = iter(["11" * 32, "11" * 32])
    monkeypatch.setattr("functions.coupons.codes.seed", lambda: next(seeds))
    batches = [Batch(template_id="welcome", batch_id=name, count=3) for name in ("b1", "b2")]
    first, second = [desk.make(batch) for batch in batches]
    assert len({*first, *second}) == 6
    assert [desk.make(batch) for batch in batches] == [first, second]
    assert outcome(desk.redeem("alice", second[0])) == "got"


# --- what orders do with coupons ---


def use(desk: Desk, ref: Ref, order_id: str, member_id: str = "alice") -> None:
    """Let an order use a coupon."""
    transaction = desk.shop.tables.transaction()
    table = desk.shop.settings.members_table
    holding.use(transaction, table, member_id=member_id, coupon_id=ref.coupon_id, order_id=order_id)
    assert len(transaction.actions) == 2
    transaction.commit(Deadline(20))


def give_back(desk: Desk, ref: Ref, order_id: str, at: datetime = NOON, member_id: str = "alice") -> None:
    """Let an order give a coupon back."""
    transaction = desk.shop.tables.transaction()
    table = desk.shop.settings.members_table
    holding.give_back(transaction, table, member_id=member_id, ref=ref, order_id=order_id, at=at)
    transaction.commit(Deadline(20))


def got(desk: Desk, member_id: str = "alice", key: str = "k1") -> Ref:
    """Claim a coupon, and return it as its member holds it."""
    coupon_id = desk.claim(member_id, key).coupon.coupon_id
    return desk.held(member_id).coupons[coupon_id]


def order_of(desk: Desk, ref: Ref, member_id: str = "alice") -> str | None:
    """Return which order uses a coupon."""
    row = desk.shop.tables.get(desk.shop.settings.members_table, coupon_key(member_id, ref.coupon_id))
    assert row is not None
    return holding.order_of(row)


def test_V11_an_order_uses_a_coupon_once_and_gives_it_back(desk: Desk) -> None:
    desk.put()
    ref = got(desk)
    use(desk, ref, "o1")
    assert (order_of(desk, ref), desk.held("alice").coupons) == ("o1", {})
    with pytest.raises(ConditionFailedError):
        use(desk, ref, "o2")
    with pytest.raises(ConditionFailedError):
        give_back(desk, ref, "o2")
    give_back(desk, ref, "o1")
    assert (order_of(desk, ref), dict(desk.held("alice").coupons)) == (None, {ref.coupon_id: ref})
    with pytest.raises(ConditionFailedError):
        give_back(desk, ref, "o1")
    use(desk, ref, "o3")
    assert desk.held("alice").claims == {"welcome": 1}


def test_V11_a_coupon_that_comes_back_after_its_end_is_simply_expired(desk: Desk) -> None:
    desk.put()
    ref = got(desk)
    use(desk, ref, "o1")
    give_back(desk, ref, "o1", at=ref.valid_until + timedelta(seconds=1))
    assert (order_of(desk, ref), desk.held("alice").coupons) == (None, {})


def test_V11_a_coupon_comes_back_however_many_there_are(desk: Desk) -> None:
    desk.put()
    ref = got(desk)
    use(desk, ref, "o1")
    for number in range(50):
        desk.claim("alice", f"more{number}")
    give_back(desk, ref, "o1")
    assert len(desk.held("alice").coupons) == 51
    assert refused(lambda: desk.claim("alice", "another")) == "too_many_coupons"


def test_V11_orders_and_claims_at_once_lose_no_coupon(desk: Desk) -> None:
    desk.put()
    coupons = [got(desk, key=f"before{number}") for number in range(4)]

    def act(number: int) -> None:
        if number < 4:
            use(desk, coupons[number], f"o{number}")
        else:
            desk.claim("alice", f"k{number}")

    at_once(8, act)
    assert len(desk.held("alice").coupons) == 4
    assert [order_of(desk, ref) for ref in coupons] == ["o0", "o1", "o2", "o3"]


def test_V11_orders_of_several_members_give_back_in_one_transaction(desk: Desk) -> None:
    desk.put()
    refs = {name: got(desk, name) for name in ("alice", "bob")}
    for name, ref in refs.items():
        use(desk, ref, f"of {name}", name)
    together = desk.shop.tables.transaction()
    for name, ref in refs.items():
        alone = desk.shop.tables.transaction()
        holding.give_back(
            alone,
            desk.shop.settings.members_table,
            member_id=name,
            ref=ref,
            order_id=f"of {name}",
            at=NOON,
        )
        together.absorb(alone)
    together.commit(Deadline(20))
    assert [order_of(desk, ref, name) for name, ref in refs.items()] == [None, None]


def test_ended_coupons_leave_what_a_member_has_when_another_one_comes(desk: Desk) -> None:
    desk.put()
    desk.claim("alice", "k1")
    assert len(desk.held("alice").coupons) == 1
    desk.claim("alice", "k2", at=NOON + 2 * DAY)
    assert len(desk.held("alice").coupons) == 1
    assert len(desk.own("alice")) == 2


# --- what coupons are worth ---


def test_V9_a_coupon_is_worth_what_its_template_said_when_it_was_made(desk: Desk, calls: Calls) -> None:
    desk.put()
    first = got(desk)
    changed = Worth(kind="amount", face_value_fen=5, min_fen=7, scope=Scope(skus=frozenset({"tea"})))
    desk.put(replace(WELCOME, worth=changed))
    second = got(desk, key="k2")
    worths = Worths(desk.shop.tables, desk.shop.settings.catalog_table)
    calls.sent.clear()
    wanted = {first.version: WELCOME.worth, second.version: changed}
    assert worths.of([first, second, first], Deadline(20)) == wanted
    assert calls.sent == ["BatchGetItem"]
    assert worths.of([second, first], Deadline(20)) == wanted
    assert calls.sent == ["BatchGetItem"]
    assert worths.of([], Deadline(20)) == {}


def test_a_rate_is_kept_exactly(desk: Desk) -> None:
    rate = Worth(kind="rate", rate=Fraction(8_501, 10_000), max_off_fen=9, scope=Scope(zone=True))
    desk.put(replace(WELCOME, worth=rate))
    ref = got(desk)
    worths = Worths(desk.shop.tables, desk.shop.settings.catalog_table)
    assert worths.of([ref], Deadline(20))[ref.version] == rate


def test_a_function_keeps_so_many_versions_and_no_more(desk: Desk) -> None:
    desk.put()
    ref = got(desk)
    worths = Worths(desk.shop.tables, desk.shop.settings.catalog_table)
    worth = worths.of([ref], Deadline(20))[ref.version]
    worths.keep({("other", number): worth for number in range(KEPT_MAX)})
    assert len(worths.kept) == KEPT_MAX
    assert worths.of([ref], Deadline(20)) == {ref.version: worth}


def test_a_coupon_of_a_version_that_was_never_written_is_an_error(desk: Desk) -> None:
    ref = Ref(
        coupon_id="cpt_x",
        template_id="never",
        template_version=1,
        valid_from=NOON,
        valid_until=NOON,
        issued_at=NOON,
    )
    with pytest.raises(LookupError, match="never has no version 1"):
        Worths(desk.shop.tables, desk.shop.settings.catalog_table).of([ref], Deadline(20))
