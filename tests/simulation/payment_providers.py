"""Payment providers in memory, by rules of their own: what they take, refuse, and make of trades and refunds.

They are written from what the providers' documentation says, not from the adapters, and are asked through
the protocol of :mod:`functions.payments.providers.provider`, not over HTTP. On the way a call may be lost
before or after its effect, arrive minutes late, be refused or be slow, and the caller may die with it.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from functions.payments.providers.provider import (
    CNY,
    DEFAULT,
    Action,
    ActionKind,
    Answer,
    Asking,
    Begun,
    Kind,
    Notice,
    PaidBack,
    PaidBackAnswer,
    PayingBack,
    ProviderRefusedError,
    Stands,
    UnansweredError,
)
from tests.simulation.faults import Crash
from tests.simulation.virtual import Time

T = TypeVar("T")
CALL_SECONDS = 0.2
SLOW_SECONDS = (1.0, 4.0)
LATE_SECONDS = (1, 290)
"""When a request arrives whose sender has given up waiting for its answer."""
KEY_SECONDS = 24 * 3_600
"""How long Stripe answers an idempotency key as at first."""
REFUNDS_MAX = 50
REFUND_SECONDS_MIN = 60
REFUNDED_WITHIN = timedelta(days=365)
UNANSWERED_SECONDS = 598
"""So long after a send that was not answered none is sent again (Y7): ten minutes, of whole seconds."""
APART_SECONDS = 61
DAY_SECONDS = 86_400
TAKEN_FOR_FAILED_SECONDS = 2 * DAY_SECONDS
"""After so long without a provider's word a transfer counts as failed (Y7)."""


class Fate(StrEnum):
    """What befalls a call to a provider."""

    BEFORE = "lost before it arrived"
    AFTER = "answer lost"
    LATE = "arrives late, unanswered"
    REFUSED = "refused"
    SLOW = "slow"
    CRASH = "caller died before"
    CRASH_AFTER = "caller died after"


FATES = (
    *(Fate.BEFORE, Fate.AFTER, Fate.AFTER, Fate.LATE, Fate.REFUSED),
    *(Fate.SLOW, Fate.CRASH, Fate.CRASH_AFTER, Fate.CRASH_AFTER),
)


@dataclass
class Back:
    """Money that a provider pays back, under a number of ours."""

    paying: PayingBack
    made_at: float
    state: PaidBack = PaidBack.PROCESSING
    turned: bool = False
    """Its end has been taken back once."""

    @property
    def counts(self) -> bool:
        """Whether it has gone back, or may."""
        return self.state is not PaidBack.FAILED


@dataclass
class Dispute:
    """A payer's objection; while it is open, nothing is refunded."""

    dispute_id: str
    amount: int
    ended: str | None = None


@dataclass
class Trade:
    """What a provider knows of an attempt; of money that is for none, ``foreign``."""

    transaction: str
    asking: Asking
    stands: Stands = Stands.OPEN
    closes_at: float | None = None
    amount: int | None = None
    currency: str = CNY
    paid_at: datetime | None = None
    foreign: bool = False
    backs: list[Back] = field(default_factory=list)
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """What lost disputes have taken."""
        return sum(each.amount for each in self.disputes if each.ended == "lost")

    @property
    def disputed(self) -> bool:
        """Whether a dispute is open."""
        return any(each.ended is None for each in self.disputes)

    @property
    def out(self) -> int:
        """What has gone back of it."""
        return self.lost + sum(each.paying.amount for each in self.backs if each.state is PaidBack.SUCCEEDED)

    @property
    def left(self) -> int:
        """What could still go back."""
        return (self.amount or 0) - self.lost - sum(each.paying.amount for each in self.backs if each.counts)


@dataclass
class Told:
    """Something that a provider tells, as often as it likes; ``back`` is the refund that it is about."""

    notice: Notice
    trade: Trade
    back: Back | None = None
    back_state: PaidBack | None = None
    times: int = 0


@dataclass
class Sends:
    """What was sent of a transfer, as far as Y7 says how."""

    paying: PayingBack
    first_at: float
    last_at: float
    unanswered_at: float | None = None
    absent: bool = False
    """It was asked after since, and the provider knew nothing of it."""


@dataclass
class Ground:
    """What all providers of a life stand on."""

    time: Time
    chance: random.Random
    log: Callable[[str], None]
    wrong: Callable[[str, str], None]
    """Is told that a law was broken: its name, and how."""
    pause: Callable[[], None]
    die: Callable[[], Crash]
    rate: float = 0.0
    """How many of the calls to providers meet a fate."""
    told: list[Told] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    fates: dict[str, int] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    quick: bool = False
    """Whether refunds are done within a minute."""

    def now(self) -> float:
        """Return the present moment."""
        return self.time.time()

    def count(self, of: dict[str, int], name: str) -> None:
        """Count something."""
        of[name] = of.get(name, 0) + 1


class Provider:
    """What all of them do alike."""

    name: ClassVar[str]
    methods: ClassVar[frozenset[str]] = frozenset({DEFAULT})
    payer_methods: ClassVar[frozenset[str]] = frozenset()
    bound_methods: ClassVar[frozenset[str]] = frozenset()
    address_methods: ClassVar[frozenset[str]] = frozenset()
    paid_state: ClassVar[str]
    expires: ClassVar[bool] = True
    """Whether a trade can be paid no more from its attempt's end on."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.trades: dict[str, Trade] = {}
        """By the number of the attempt."""
        self.by_transaction: dict[str, Trade] = {}
        self.sends: dict[str, Sends] = {}
        self.disputed_since: dict[str, float] = {}
        """Since when the programme knows of an open dispute, by transaction."""
        self._coming: list[tuple[float, int, Callable[[], object]]] = []

    # --- time ---

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Let something happen so many seconds from now."""
        heapq.heappush(self._coming, (self.ground.now() + seconds, next(self.ground.numbers), act))

    def tick(self) -> None:
        """Let happen what is due by now."""
        while self._coming and self._coming[0][0] <= self.ground.now():
            _, _, act = heapq.heappop(self._coming)
            act()

    def next_at(self) -> float | None:
        """Return when the next thing happens by itself."""
        return self._coming[0][0] if self._coming else None

    # --- shoppers ---

    def opens(self, asking: Asking, *, foreign: bool = False) -> Trade:
        """Have a trade made, or found."""
        trade = self.trades.get(asking.number)
        if trade is None:
            trade = self._new(asking, foreign=foreign)
            self.trades[asking.number] = trade
        return trade

    def _new(self, asking: Asking, *, foreign: bool = False) -> Trade:
        trade = Trade(f"{self.name[0]}{next(self.ground.numbers):06}", asking, foreign=foreign)
        if self.expires:
            trade.closes_at = asking.ends_at.timestamp() + self.ground.chance.randint(0, 600)
        self.by_transaction[trade.transaction] = trade
        return trade

    def is_offered(self, asking: Asking) -> bool:
        """Tell whether a shopper who holds what the device was given can open it now."""
        return asking.number in self.trades

    def can_be_paid(self, trade: Trade) -> bool:
        """Tell whether a shopper can pay it now."""
        self._look(trade)
        in_time = not self.expires or self.ground.now() < trade.asking.ends_at.timestamp()
        return trade.stands is Stands.OPEN and in_time

    def begins_to_pay(self, trade: Trade, seconds: float, *, ends_well: bool) -> None:
        """Let a shopper's money be under way for a while."""
        trade.stands = Stands.PAYING

        def ends() -> None:
            if trade.stands is Stands.PAYING:
                trade.stands = Stands.OPEN
                if ends_well:
                    self.is_paid(trade)

        self.later(seconds, ends)

    def is_paid(self, trade: Trade, amount: int | None = None, currency: str = CNY) -> None:
        """Let a trade be paid, and tell so."""
        trade.stands, trade.currency = Stands.PAID, currency
        trade.amount = trade.asking.amount_fen if amount is None else amount
        trade.paid_at = datetime.fromtimestamp(int(self.ground.now()), UTC)
        self.ground.log(f"{self.name}: {trade.asking.number} is paid by {trade.amount} {currency}")
        self.tells(trade)

    def _look(self, trade: Trade) -> None:
        if (
            trade.stands is Stands.OPEN
            and trade.closes_at is not None
            and self.ground.now() >= trade.closes_at
        ):
            trade.stands = Stands.CLOSED

    # --- what it tells ---

    def notice(self, trade: Trade) -> Notice:
        """Return what it says of a paid trade."""
        return Notice(
            provider=self.name,
            kind=Kind.PAYMENT,
            object_id=trade.transaction,
            state=self._state_of(trade),
            paid=True,
            number=trade.asking.number,
            amount=trade.amount,
            currency=trade.currency,
            at=trade.paid_at,
        )

    def _state_of(self, trade: Trade) -> str:
        return self.paid_state

    def tells(self, trade: Trade, **other: Any) -> None:
        """Tell of a paid trade, or something else of it."""
        self.ground.told.append(Told(replace(self.notice(trade), **other), trade))

    def tells_of_refund(self, trade: Trade, back: Back) -> None:
        """Tell how a refund stands."""
        notice = Notice(
            provider=self.name,
            kind=Kind.REFUND,
            object_id=f"{trade.transaction}-{back.paying.number}-{trade.backs.index(back)}",
            state=back.state.value,
            amount=back.paying.amount,
            currency=trade.currency,
            payment=trade.transaction,
            transfer=back.paying.number,
        )
        self.ground.told.append(Told(notice, trade, back, back.state))

    # --- what it is asked ---

    def begin(self, asking: Asking) -> Trade:
        """Open a trade, or find it; with other contents, or at its end, it is refused."""
        trade = self.trades.get(asking.number)
        if trade is None:
            if self.expires and self.ground.now() >= asking.ends_at.timestamp():
                raise ProviderRefusedError("PARAM_ERROR")
            return self.opens(asking)
        if trade.asking != asking:
            self.ground.wrong(
                "a retry sends exactly what the first try sent", f"{asking} after {trade.asking}"
            )
        self._look(trade)
        if trade.stands in (Stands.CLOSED, Stands.PAID):
            raise ProviderRefusedError(f"ORDER_{trade.stands.name}")
        return trade

    def find(self, asking: Asking, kept: Mapping[str, str]) -> Trade | None:
        """Return the trade of an attempt."""
        return self.trades.get(asking.number)

    def stands(self, trade: Trade | None) -> Answer:
        """Say how a trade stands."""
        if trade is None:
            return Answer(stands=Stands.ABSENT)
        self._look(trade)
        notice = self.notice(trade) if trade.stands is Stands.PAID else None
        return Answer(stands=trade.stands, notice=notice, kept=self.kept_of(trade))

    def kept_of(self, trade: Trade) -> Mapping[str, str]:
        """Return what is kept to find it again."""
        return {}

    def close(self, trade: Trade | None) -> None:
        """Close a trade that is open; now and then its shopper pays in that very moment."""
        if trade is None:
            return
        if self.can_be_paid(trade) and self.ground.chance.random() < 0.15:
            self.ground.log(f"{self.name}: {trade.asking.number} is paid while it is to be closed")
            self.is_paid(trade)
        self._look(trade)
        if trade.stands is Stands.OPEN:
            trade.stands = Stands.CLOSED
            self.ground.log(f"{self.name}: {trade.asking.number} is closed")

    # --- refunds ---

    def pays_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Take a refund, show the one of the same number, or refuse it."""
        trade = self.by_transaction.get(paying.payment)
        if trade is None or trade.stands is not Stands.PAID or trade.amount is None:
            self.ground.wrong("a refund is of a payment", f"{paying}")
            return PaidBackAnswer(state=PaidBack.FAILED, because="NO_SUCH_TRADE")
        if (paying.total, paying.currency) != (trade.amount, trade.currency):
            self.ground.wrong("a refund says what the payment came to", f"{paying}, {trade.amount}")
        known = self._repeated(trade, paying)
        if known is not None:
            return PaidBackAnswer(state=known.state)
        refused = self._refuses(trade, paying)
        if refused is not None:
            return refused
        back = Back(paying, self.ground.now())
        trade.backs.append(back)
        self._made(paying, back)
        self.ground.log(f"{self.name}: pays back {paying.amount} of {trade.transaction} as {paying.number}")
        self._goes_on(trade, back)
        return PaidBackAnswer(state=back.state)

    def _repeated(self, trade: Trade, paying: PayingBack) -> Back | None:
        return self.back_of(trade, paying.number)

    def _made(self, paying: PayingBack, back: Back) -> None:
        """Remember what was made of a request."""

    def back_of(self, trade: Trade, number: str) -> Back | None:
        """Return the refund of a number: the newest that goes on or is done, else the newest."""
        of_number = [each for each in reversed(trade.backs) if each.paying.number == number]
        return next((each for each in of_number if each.counts), of_number[0] if of_number else None)

    def _refuses(self, trade: Trade, paying: PayingBack) -> PaidBackAnswer | None:
        if paying.amount > trade.left:
            if not trade.disputes and not any(each.turned for each in trade.backs):
                text = f"{paying.amount} of {trade.transaction}, of which {trade.left} are left"
                self.ground.wrong("the refunds of a payment are at most the payment", text)
            return PaidBackAnswer(state=PaidBack.FAILED, because="more than is left")
        return None

    def _goes_on(self, trade: Trade, back: Back) -> None:
        """Decide what becomes of a refund, and when."""
        chance = self.ground.chance
        spans = ((0, 0), (1, 300), (600, DAY_SECONDS // 2), (DAY_SECONDS, 5 * DAY_SECONDS))
        low, high = chance.choices(spans, (10, 6, 3, 1))[0]
        if self.ground.quick:
            high = min(high, 50)
            low = min(low, high)
        ends = PaidBack.SUCCEEDED if chance.random() < 0.88 else PaidBack.FAILED

        def end() -> None:
            self._becomes(trade, back, ends)

        if high:
            self.later(chance.randint(low, high), end)
        else:
            end()

    def _becomes(self, trade: Trade, back: Back, state: PaidBack) -> None:
        back.state = state
        self.ground.log(f"{self.name}: refund {back.paying.number} has {state}")
        self.tells_of_refund(trade, back)
        if back.turned or self.ground.chance.random() >= self._turning(state):
            return

        def turns() -> None:
            if state is PaidBack.FAILED and back.paying.amount > trade.left:
                return
            back.turned = True
            other = PaidBack.FAILED if state is PaidBack.SUCCEEDED else PaidBack.SUCCEEDED
            self._becomes(trade, back, other)

        self.later(self.ground.chance.randint(60, 6 * DAY_SECONDS), turns)

    def _turning(self, state: PaidBack) -> float:
        """Return how often an end is none."""
        return 0.04

    def refund(self, paying: PayingBack) -> PaidBackAnswer:
        """Say how a refund stands."""
        trade = self.by_transaction.get(paying.payment)
        back = None if trade is None else self.back_of(trade, paying.number)
        return PaidBackAnswer(state=PaidBack.ABSENT if back is None else back.state)


class WeChatPay(Provider):
    """Trades are made by us; at most 50 refunds of one, one a minute, under numbers that are kept."""

    name = "wechatpay"
    methods = frozenset({DEFAULT, "jsapi", "h5"})
    payer_methods = frozenset({"jsapi", "h5"})
    bound_methods = frozenset({"jsapi"})
    address_methods = frozenset({"h5"})
    paid_state = "SUCCESS"

    def _state_of(self, trade: Trade) -> str:
        return "REFUND" if trade.backs else self.paid_state

    def _refuses(self, trade: Trade, paying: PayingBack) -> PaidBackAnswer | None:
        now = self.ground.now()
        if len(trade.backs) >= REFUNDS_MAX:
            self.ground.wrong("at most 50 transfers of a payment", f"{paying.number} of {trade.transaction}")
            return PaidBackAnswer(state=PaidBack.FAILED, because="too many")
        if trade.paid_at is not None and now > (trade.paid_at + REFUNDED_WITHIN).timestamp():
            self.ground.wrong("nothing is refunded after a year", f"{paying.number} of {trade.transaction}")
            return PaidBackAnswer(state=PaidBack.FAILED, because="too late")
        if trade.backs and now < trade.backs[-1].made_at + REFUND_SECONDS_MIN:
            return PaidBackAnswer(state=PaidBack.REFUSED, because="FREQUENCY_LIMITED")
        return super()._refuses(trade, paying)


class Alipay(Provider):
    """It knows of a trade once the shopper opens it; refunds are done at once, as a rule."""

    name = "alipay"
    methods = frozenset({DEFAULT, "wap", "qr"})
    paid_state = "TRADE_SUCCESS"

    def is_offered(self, asking: Asking) -> bool:
        return asking.number in self.trades or self.ground.now() < asking.ends_at.timestamp()

    def begin(self, asking: Asking) -> Trade:
        # A page is only signed, a code only drawn: the trade is made when its shopper opens it.
        return self.trades.get(asking.number) or Trade("", asking)

    def _state_of(self, trade: Trade) -> str:
        return "TRADE_CLOSED" if trade.backs and not trade.left else self.paid_state

    def _goes_on(self, trade: Trade, back: Back) -> None:
        if self.ground.chance.random() < 0.9:
            self._becomes(trade, back, PaidBack.SUCCEEDED)
        else:
            super()._goes_on(trade, back)

    def _turning(self, state: PaidBack) -> float:
        return 0.0


class Stripe(Provider):
    """Nothing of an intent ends by itself. Keys are answered as at first, for a day, by their contents."""

    name = "stripe"
    paid_state = "succeeded"
    expires = False

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        self._intents: dict[str, tuple[float, Asking, Trade]] = {}
        self._refunds: dict[str, tuple[float, PayingBack, Back | None]] = {}

    def begin(self, asking: Asking) -> Trade:
        return self._made_by_key(asking)

    def _made_by_key(self, asking: Asking) -> Trade:
        """Make an intent, or answer its key as at first."""
        now = self.ground.now()
        at, before, trade = self._intents.get(asking.number, (0.0, asking, None))
        if trade is not None and now < at + KEY_SECONDS:
            if before != asking:
                self.ground.wrong("a retry sends exactly what the first try sent", f"{asking} after {before}")
            return trade
        if trade is not None:
            self.ground.log(f"stripe: another intent for {asking.number}, its key is forgotten")
        trade = self._new(asking)
        self.trades[asking.number] = trade
        self._intents[asking.number] = now, asking, trade
        return trade

    def find(self, asking: Asking, kept: Mapping[str, str]) -> Trade | None:
        return self.by_transaction[kept["intent"]] if "intent" in kept else self._made_by_key(asking)

    def kept_of(self, trade: Trade) -> Mapping[str, str]:
        return {"intent": trade.transaction}

    def _key(self, paying: PayingBack) -> str:
        return f"{paying.number}.{paying.tries}"

    def _repeated(self, trade: Trade, paying: PayingBack) -> Back | None:
        at, before, back = self._refunds.get(self._key(paying), (0.0, paying, None))
        if back is None or self.ground.now() >= at + KEY_SECONDS:
            return None
        if before != paying:
            self.ground.wrong("the contents of a transfer never change", f"{paying} after {before}")
        return back

    def _made(self, paying: PayingBack, back: Back) -> None:
        self._refunds[self._key(paying)] = self.ground.now(), paying, back

    def _refuses(self, trade: Trade, paying: PayingBack) -> PaidBackAnswer | None:
        if trade.disputed:
            return PaidBackAnswer(state=PaidBack.REFUSED, because="charge_disputed")
        return super()._refuses(trade, paying)

    def _turning(self, state: PaidBack) -> float:
        return 0.06 if state is PaidBack.SUCCEEDED else 0.0

    def is_disputed(self, trade: Trade, amount: int) -> None:
        """Let a payer object, and tell so."""
        dispute = Dispute(f"dp_{next(self.ground.numbers)}", amount)
        trade.disputes.append(dispute)
        self._tells_of_dispute(trade, dispute, "needs_response")

    def is_decided(self, trade: Trade, dispute: Dispute, word: str) -> None:
        """Let a dispute end, and tell so."""
        dispute.ended = word
        self._tells_of_dispute(trade, dispute, word)

    def _tells_of_dispute(self, trade: Trade, dispute: Dispute, state: str) -> None:
        self.ground.log(f"stripe: dispute {dispute.dispute_id} of {trade.transaction}: {state}")
        notice = Notice(
            provider=self.name,
            kind=Kind.DISPUTE,
            object_id=dispute.dispute_id,
            state=state,
            amount=dispute.amount,
            currency=CNY,
            payment=trade.transaction,
            disputed=dispute.ended is None,
            lost=state == "lost",
        )
        self.ground.told.append(Told(notice, trade))


PROVIDERS: tuple[type[Provider], ...] = (WeChatPay, Alipay, Stripe)


class LifeSender:
    """Asks a provider as an adapter does, through a network that loses things."""

    amounts_fen: ClassVar[tuple[int, int]] = (1, 10_000_000)

    def __init__(self, at: Mapping[str, Any]) -> None:
        self._at: Provider = at["at"]
        self.methods = self._at.methods
        self.payer_methods = self._at.payer_methods
        self.bound_methods = self._at.bound_methods
        self.address_methods = self._at.address_methods

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Have a payment opened; what needs no call, or is kept, is answered without one."""
        signed_only = self._at.name == "alipay" and asking.method != "qr"
        if signed_only or "handle" in kept:
            return Begun(action=Action(kind=ActionKind.QR, value=asking.number), kept={})
        if "intent" in kept:
            trade = self._call("begin", asking.number, lambda: self._at.find(asking, kept))
        else:
            trade = self._call("begin", asking.number, lambda: self._at.begin(asking))
        assert trade is not None
        handle = {} if asking.method == "h5" or self._at.name == "stripe" else {"handle": asking.number}
        return Begun(
            action=Action(kind=ActionKind.QR, value=asking.number), kept={**handle, **self._at.kept_of(trade)}
        )

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands."""
        return self._call("ask", asking.number, lambda: self._at.stands(self._at.find(asking, kept)))

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask that an attempt be closed, and then how it stands."""
        with suppress(ProviderRefusedError):
            self._call("close", asking.number, lambda: self._at.close(self._at.find(asking, kept)))
        return self.ask(asking, kept)

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back."""
        sends = self._sends(paying)
        sends.unanswered_at = self._at.ground.now()  # until it is answered
        sends.absent = False
        try:
            answer = self._call("pay back", paying.number, lambda: self._at.pays_back(paying))
        except ProviderRefusedError:
            answer = PaidBackAnswer(state=PaidBack.REFUSED, because="NOT_ENOUGH")
        sends.unanswered_at = None
        return answer

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands."""
        try:
            answer = self._call("ask back", paying.number, lambda: self._at.refund(paying))
        except ProviderRefusedError:
            raise UnansweredError(self._at.name) from None
        sends = self._at.sends.get(paying.number)
        if sends is not None:
            sends.absent = answer.state is PaidBack.ABSENT
        return answer

    def _sends(self, paying: PayingBack) -> Sends:
        """Note a send of a transfer, and hold it to what Y7 says of sends."""
        at, ground = self._at, self._at.ground
        now, wrong = ground.now(), ground.wrong
        since = at.disputed_since.get(paying.payment)
        if since is not None and now - since > 30:
            wrong(
                "no refund is sent while a dispute is open", f"{paying.number}, told {now - since:.0f} s ago"
            )
        sends = at.sends.get(paying.number)
        if sends is None:
            others = [each for each in at.sends.values() if each.paying.payment == paying.payment]
            last = max((each.last_at for each in others), default=0.0)
            if now - last < APART_SECONDS - 1:
                wrong("transfers of a payment are 61 s apart", f"{paying.number} after {now - last:.1f} s")
            trade = at.by_transaction.get(paying.payment)
            for back in trade.backs if trade else ():
                young = now - at.sends[back.paying.number].first_at < TAKEN_FOR_FAILED_SECONDS - 1_800
                if back.state is PaidBack.PROCESSING and young:
                    wrong("transfers go one at a time", f"{paying.number} while {back.paying.number} goes on")
            sends = at.sends[paying.number] = Sends(paying, now, now)
            return sends
        if replace(paying, tries=0) != replace(sends.paying, tries=0):
            wrong("the contents of a transfer never change", f"{paying} after {sends.paying}")
        if not sends.absent:
            wrong("it is asked for before each send but the first", f"{paying.number}")
        if sends.unanswered_at is not None and now - sends.unanswered_at < UNANSWERED_SECONDS:
            seconds = now - sends.unanswered_at
            wrong(
                "nothing is sent again within ten minutes of an unanswered send",
                f"{paying.number} {seconds:.0f} s",
            )
        sends.last_at = now
        return sends

    def _call(self, word: str, about: str, act: Callable[[], T]) -> T:
        at, ground = self._at, self._at.ground
        ground.pause()
        ground.time.pass_by(CALL_SECONDS)
        at.tick()
        ground.count(ground.calls, f"{at.name} {word}")
        fate = ground.chance.choice(FATES) if ground.chance.random() < ground.rate else None
        if fate is not None:
            ground.count(ground.fates, fate.value)
            ground.log(f"  {at.name}: {word} {about}: {fate}")
        match fate:
            case Fate.BEFORE:
                ground.time.pass_by(SLOW_SECONDS[1])
                raise UnansweredError(at.name)
            case Fate.CRASH:
                raise ground.die()
            case Fate.REFUSED:
                raise ProviderRefusedError("BUSY")
            case Fate.LATE:
                at.later(ground.chance.randint(*LATE_SECONDS), lambda: _suppressed(act))
                ground.time.pass_by(SLOW_SECONDS[1])
                raise UnansweredError(at.name)
            case Fate.SLOW:
                ground.time.pass_by(ground.chance.uniform(*SLOW_SECONDS))
        if fate in (Fate.AFTER, Fate.CRASH_AFTER):
            _suppressed(act)
            if fate is Fate.CRASH_AFTER:
                raise ground.die()
            raise UnansweredError(at.name)
        answer = act()
        if fate is None and not isinstance(answer, Trade):
            said = getattr(answer, "stands", None) or getattr(answer, "state", None)
            if said is not None:
                ground.log(f"  {at.name}: {word} {about}: {said}")
        return answer


def _suppressed(act: Callable[[], object]) -> None:
    """Let a call have its effect whose answer nobody hears."""
    with suppress(ProviderRefusedError):
        act()
