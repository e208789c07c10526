"""Orders that are paid, and paid back, through providers which do what a test scripts (Y1-Y7)."""

import json
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from functions.domain import calendar
from functions.domain.errors import RefusalError
from functions.offers.quotes import Cart, CartLine
from functions.orders import events as order_events
from functions.orders import life, payments
from functions.orders.leaving import CANCELLED, RETURNED, Leaving, Left, take_units
from functions.orders.life import as_of
from functions.orders.order import Order
from functions.payments import events as payment_events
from functions.payments import jobs
from functions.payments.asking import Asking as Asker
from functions.payments.asking import SenderOf
from functions.payments.assigning import Assigning
from functions.payments.attempts import Attempt, State
from functions.payments.book import PaymentBook
from functions.payments.by_hand import Refunds
from functions.payments.cashier import Cashier, Wanted
from functions.payments.differences import (
    Difference,
    Side,
    Statement,
    day_of,
    difference_row,
    differences_partition,
    statement_row,
)
from functions.payments.differences import DifferenceKind as Differs
from functions.payments.differences import StatementState as Compared
from functions.payments.heard import Hearer
from functions.payments.jobs import PaymentJobs
from functions.payments.listing import Day, page_of_day
from functions.payments.paying_back import PayBack
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
    NotThere,
    PaidBack,
    PaidBackAnswer,
    PayingBack,
    ProviderRefusedError,
    Sender,
    Stands,
    UnansweredError,
)
from functions.payments.reconciling import Reconciling
from functions.payments.rows import (
    DUE_SHARDS,
    Because,
    Unassigned,
    notice_key,
    notice_row,
    unassigned_row,
)
from functions.payments.statements.shelf import Shelf
from functions.payments.timetable import ASK_PAYMENTS, RECONCILE_PAYMENTS
from functions.platform.batches import BatchError
from functions.platform.bucket import Bucket as Versions
from functions.platform.bus import Event
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, from_item, to_item
from functions.platform.fanout import Starter, Task, consume
from functions.platform.settings import Settings
from functions.platform.streams import RowChange
from functions.refunds.refund import TRANSFERS_MAX, Refund, Transfer, failed
from functions.refunds.refund import State as RefundState
from functions.refunds.rows import REFUND, REFUNDS, TRANSFER, refund_of, refund_row, transfer_of
from tests.support.accounts import hold_points
from tests.support.events import Context, stream_record
from tests.support.points import Workers
from tests.support.shop import NOON, Shop
from tests.support.statements import Bucket
from tests.support.tables import PARTITION_KEYS
from tests.support.wire import wire_of

MINUTE = timedelta(minutes=1)
LAPSES = NOON + 30 * MINUTE
"""When an order placed at noon lapses (O2)."""
ENDS = LAPSES - 3 * MINUTE
"""When its attempts end (Y2)."""
PROVIDERS = ("wechatpay", "alipay", "stripe")
AMOUNTS_FEN = (1_500, 5_000_000)
"""The least and the greatest amount that the providers here take."""
TEA, TEA_FEN = "tea", 6_667
PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
SHA256 = "0" * 64
BY_HAND = "by hand"
"""How an order is paid that staff record the money of."""
T = TypeVar("T")
Dump = dict[tuple[str, str, str], str]
"""Every row of every table, by table, partition key and sort key."""


# The provider --------------------------------------------------------------------------------------------


class Word(StrEnum):
    """What a provider is asked to do."""

    BEGIN = "begin"
    ASK = "ask"
    CLOSE = "close"
    PAY_BACK = "pay back"
    ASK_PAID_BACK = "ask paid back"
    STATEMENT = "statement"


class Fate(StrEnum):
    """What befalls a call."""

    UNANSWERED = "unanswered"
    """It never arrives."""
    UNANSWERED_AFTER = "unanswered after"
    """It takes effect, and its answer is lost."""
    REFUSED = "refused"
    """Of a transfer: not now, there is too little money; nothing of it is kept."""
    PROCESSING = "processing"
    """Of a transfer: it is taken, and not done yet."""
    FAILED = "failed"
    """Of a transfer: it will not be done under this number, ever."""


@dataclass(frozen=True)
class Sent:
    """A call as it was sent."""

    word: Word
    asking: Asking
    kept: Mapping[str, str]
    payer: str | None = None


@dataclass
class Trade:
    """What a provider knows of an attempt."""

    asking: Asking
    stands: Stands = Stands.OPEN
    transaction: str = ""
    amount: int | None = None
    currency: str | None = CNY
    at: datetime | None = None


@dataclass(frozen=True)
class SentBack:
    """A call about a transfer as it was sent, and when."""

    word: Word
    paying: PayingBack
    at: datetime


@dataclass
class Back:
    """What a provider knows of a transfer."""

    paying: PayingBack
    state: PaidBack
    at: datetime


MOVED = (PaidBack.SUCCEEDED, PaidBack.PROCESSING)
"""How transfers stand whose money has gone back, or will."""
FATES_OF_BACKS = {
    Fate.PROCESSING: PaidBack.PROCESSING,
    Fate.FAILED: PaidBack.FAILED,
}


@dataclass
class Scripted:
    """A provider in memory. ``lazy`` is one at which nothing is there until the shopper opens it, by page.

    A transfer has one effect, however often it is sent under its number. One that is ``keyed_by_tries`` knows
    it by number and tries, as Stripe's keys are: another key is another refund.
    """

    name: str
    lazy: bool = False
    keyed_by_tries: bool = False
    trades: dict[str, Trade] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    fates: dict[Word, deque[Fate]] = field(default_factory=dict)
    fates_of: dict[str, Fate] = field(default_factory=dict)
    """By an attempt's number: what befalls all calls about it."""
    before: Callable[[Sent], object] = lambda sent: None
    """Happens just before each call."""
    now: datetime = NOON
    sent_back: list[SentBack] = field(default_factory=list)
    backs: dict[tuple[str, int], Back] = field(default_factory=dict)
    """What was sent back, by the transfer's number and, where that is a part of its key, the tries."""
    always: dict[Word, Fate] = field(default_factory=dict)
    """What befalls all calls of a kind for which nothing else is scripted."""
    before_back: Callable[[SentBack], object] = lambda sent: None
    """Happens just before each call about a transfer reaches the provider."""
    after_back: Callable[[SentBack], object] = lambda sent: None
    """Happens just before its answer is heard."""
    complaints: list[str] = field(default_factory=list)
    """What no provider takes: other contents under a number, more than was paid."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    statements: dict[date, bytes | NotThere] = field(default_factory=dict)
    """By their days; of another day there is none yet."""
    statements_asked: list[date] = field(default_factory=list)

    def script(self, word: Word, *fates: Fate) -> None:
        """Let the next calls meet these, one each."""
        self.fates.setdefault(word, deque()).extend(fates)

    def words(self) -> list[str]:
        """Return what was asked, in order."""
        return [each.word.value for each in self.sent]

    def begun(self) -> list[Sent]:
        """Return the calls that asked for a payment."""
        return [each for each in self.sent if each.word is Word.BEGIN]

    def numbers(self, *stands: Stands) -> list[str]:
        """Return the trades that stand like this."""
        return [number for number, trade in self.trades.items() if trade.stands in stands]

    # --- what a shopper does ---

    def opens(self, number: str) -> None:
        """Let a shopper open the page of an attempt."""
        asking = next(each.asking for each in self.begun() if each.asking.number == number)
        self.trades.setdefault(number, Trade(asking))

    def pays(
        self,
        number: str,
        *,
        amount: int | None = None,
        currency: str = CNY,
        transaction: str | None = None,
        at: datetime | None = None,
    ) -> Notice:
        """Let a shopper pay, by default what was asked; return what the provider tells of it."""
        trade = self.trades[number]
        assert trade.stands in (Stands.OPEN, Stands.PAYING), "no provider takes money for what is closed"
        trade.stands, trade.currency, trade.at = Stands.PAID, currency, at
        trade.amount = trade.asking.amount_fen if amount is None else amount
        trade.transaction = transaction or f"42-{number}"
        return self.notice(number)

    def is_paying(self, number: str) -> None:
        """Let a shopper's money be under way."""
        self.trades[number].stands = Stands.PAYING

    def is_open(self, number: str) -> None:
        """Let what was under way have failed."""
        self.trades[number].stands = Stands.OPEN

    def notice(self, number: str) -> Notice:
        """Return what the provider tells of a paid trade."""
        trade = self.trades[number]
        return Notice(
            provider=self.name,
            kind=Kind.PAYMENT,
            object_id=trade.transaction,
            state="SUCCESS",
            paid=True,
            number=number,
            amount=trade.amount,
            currency=trade.currency,
            at=trade.at,
            event_id=f"ev-{number}",
        )

    # --- what it is asked ---

    def begin(self, asking: Asking, payer: str | None) -> Begun:
        """Open a trade, or find it; another one under its number is refused, as by every provider."""
        number = asking.number
        kept = {"handle": f"h-{number}"}
        if self.lazy:
            return Begun(action=Action(kind=ActionKind.REDIRECT, value=f"page:{number}"), kept={})
        trade = self.trades.setdefault(number, Trade(asking))
        if trade.asking != asking:
            raise ProviderRefusedError("OTHER_CONTENTS")
        if trade.stands in (Stands.CLOSED, Stands.PAID):
            raise ProviderRefusedError(f"ORDER_{trade.stands}")
        if payer is not None:
            return Begun(action=Action(kind=ActionKind.PARAMS, value={"prepay": number}), kept=kept)
        return Begun(action=Action(kind=ActionKind.QR, value=f"qr:{number}"), kept=kept)

    def ask(self, asking: Asking) -> Answer:
        """Say how a trade stands."""
        trade = self.trades.get(asking.number)
        if trade is None:
            return Answer(stands=Stands.ABSENT)
        paid = trade.stands is Stands.PAID
        return Answer(stands=trade.stands, notice=self.notice(asking.number) if paid else None)

    def close(self, asking: Asking) -> Answer:
        """Close a trade if it is open."""
        trade = self.trades.get(asking.number)
        if trade is not None and trade.stands is Stands.OPEN:
            trade.stands = Stands.CLOSED
        return self.ask(asking)

    # --- money that goes back ---

    def paid_by(self, payment: str) -> int | None:
        """Return what came in by a payment of the provider's number; None where no shopper here paid it."""
        return next((each.amount for each in self.trades.values() if each.transaction == payment), None)

    def went_back(self, payment: str, *states: PaidBack) -> int:
        """Return what has gone back of a payment, or is about to, by the provider's own books."""
        wanted = states or MOVED
        return sum(
            each.paying.amount
            for each in self.backs.values()
            if each.paying.payment == payment and each.state in wanted
        )

    def transfers(self) -> dict[str, int]:
        """Return what each transfer has really moved, by its number: twice is twice as much."""
        found = Counter[str]()
        for each in self.backs.values():
            found[each.paying.number] += each.paying.amount if each.state in MOVED else 0
        return dict(found)

    def sends(self, number: str | None = None) -> list[SentBack]:
        """Return the calls that asked for money to be paid back, of all transfers or of one."""
        return self._backs_asked(Word.PAY_BACK, number)

    def asks(self, number: str | None = None) -> list[SentBack]:
        """Return the calls that asked after transfers, or after one."""
        return self._backs_asked(Word.ASK_PAID_BACK, number)

    def _backs_asked(self, word: Word, number: str | None) -> list[SentBack]:
        return [each for each in self.sent_back if each.word is word and number in (None, each.paying.number)]

    def becomes(self, number: str, state: PaidBack) -> Notice:
        """Let a transfer that is known end otherwise, or at all; return what the provider tells of it."""
        back = [each for each in self.backs.values() if each.paying.number == number][-1]
        back.state, back.at = state, self.now
        return self.back_notice(number)

    def back_notice(self, number: str, word: str | None = None) -> Notice:
        """Return what the provider tells of a transfer."""
        back = [each for each in self.backs.values() if each.paying.number == number][-1]
        return Notice(
            provider=self.name,
            kind=Kind.REFUND,
            object_id=f"50-{number}",
            state=word or back.state.name,
            payment=back.paying.payment,
            transfer=number,
            amount=back.paying.amount,
            currency=back.paying.currency,
            at=back.at,
        )

    def dispute(
        self,
        payment: str,
        state: str = "needs_response",
        *,
        dispute_id: str = "dp_1",
        amount: int | None = None,
    ) -> Notice:
        """Return what the provider tells of a dispute; ``lost`` is the word for one that took its amount."""
        ends = {"lost", "won", "warning_closed"}
        return Notice(
            provider=self.name,
            kind=Kind.DISPUTE,
            object_id=dispute_id,
            state=state,
            payment=payment,
            amount=amount,
            currency=CNY,
            disputed=state not in ends,
            lost=state == "lost",
        )

    def pay_back(self, paying: PayingBack, goes: PaidBack) -> PaidBackAnswer:
        """Pay money back, once for each key."""
        key = (paying.number, paying.tries if self.keyed_by_tries else 0)
        found = self.backs.get(key)
        if found is not None:
            if replace(found.paying, tries=paying.tries) != paying:
                self.complaints.append(f"other contents under {paying.number}")
            return self._told(found)
        total = self.paid_by(paying.payment)
        if total is not None and paying.total != total:
            self.complaints.append(f"{paying.payment} came to {total}, not {paying.total}")
        if paying.amount <= 0 or self.went_back(paying.payment) + paying.amount > (total or paying.total):
            self.complaints.append(f"{paying.number} is not in {paying.payment}")
            goes = PaidBack.FAILED
        self.backs[key] = Back(paying, goes, self.now)
        return self._told(self.backs[key])

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Say how a transfer stands: the newest under its number that has not failed, if there is one."""
        found = [each for each in self.backs.values() if each.paying.number == paying.number]
        if not found:
            return PaidBackAnswer(state=PaidBack.ABSENT)
        alive = [each for each in found if each.state in MOVED]
        return self._told((alive or found)[-1])

    @staticmethod
    def _told(back: Back) -> PaidBackAnswer:
        because = "ACCOUNT_ABNORMAL" if back.state is PaidBack.FAILED else None
        return PaidBackAnswer(state=back.state, because=because, at=back.at)


class ScriptedSender:
    """Asks a scripted provider, as an adapter does; every call is recorded with exactly what was sent."""

    methods: ClassVar[frozenset[str]] = frozenset(
        {DEFAULT, "jsapi", "h5", *(f"way{each}" for each in range(12))}
    )
    payer_methods: ClassVar[frozenset[str]] = frozenset({"jsapi", "h5"})
    bound_methods: ClassVar[frozenset[str]] = frozenset({"jsapi"})
    address_methods: ClassVar[frozenset[str]] = frozenset({"h5"})
    amounts_fen: ClassVar[tuple[int, int]] = AMOUNTS_FEN

    def __init__(self, secret: Mapping[str, Any]) -> None:
        self._at: Scripted = secret["at"]

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Have a payment opened."""
        return self._call(Word.BEGIN, asking, kept, payer, lambda: self._at.begin(asking, payer))

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands."""
        return self._call(Word.ASK, asking, kept, None, lambda: self._at.ask(asking))

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Have an attempt closed."""
        return self._call(Word.CLOSE, asking, kept, None, lambda: self._at.close(asking))

    def _call(
        self, word: Word, asking: Asking, kept: Mapping[str, str], payer: str | None, act: Callable[[], T]
    ) -> T:
        sent = Sent(word, asking, dict(kept), payer)
        self._at.before(sent)
        with self._at.lock:
            self._at.sent.append(sent)
            waiting = self._at.fates.get(word)
            fate = waiting.popleft() if waiting else self._at.fates_of.get(asking.number)
            if fate is Fate.UNANSWERED:
                raise UnansweredError(self._at.name)
            if fate is Fate.REFUSED:
                raise ProviderRefusedError("NOT_WANTED")
            answer = act()
        if fate is Fate.UNANSWERED_AFTER:
            raise UnansweredError(self._at.name)
        return answer

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back."""
        return self._call_back(Word.PAY_BACK, paying)

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands."""
        return self._call_back(Word.ASK_PAID_BACK, paying)

    def statement(self, day: date) -> Iterator[bytes] | NotThere:
        """Give a statement, some bytes at a time; one whose answer is lost breaks off."""
        at = self._at
        waiting = at.fates.get(Word.STATEMENT)
        fate = waiting.popleft() if waiting else None
        at.statements_asked.append(day)
        if fate is Fate.UNANSWERED:
            raise UnansweredError(at.name)
        found = at.statements.get(day, NotThere.YET)
        return found if isinstance(found, NotThere) else _given(found, cut_off=fate is not None)

    def _call_back(self, word: Word, paying: PayingBack) -> PaidBackAnswer:
        at = self._at
        sent = SentBack(word, paying, at.now)
        at.before_back(sent)
        with at.lock:
            at.sent_back.append(sent)
            waiting = at.fates.get(word)
            fate = waiting.popleft() if waiting else at.always.get(word)
            if fate is Fate.UNANSWERED:
                raise UnansweredError(at.name)
            if fate is Fate.REFUSED:
                return PaidBackAnswer(state=PaidBack.REFUSED, because="NOT_ENOUGH")
            if word is Word.PAY_BACK:
                goes = PaidBack.SUCCEEDED if fate is None else FATES_OF_BACKS.get(fate, PaidBack.SUCCEEDED)
                answer = at.pay_back(paying, goes)
            elif fate in FATES_OF_BACKS:
                answer = PaidBackAnswer(state=FATES_OF_BACKS[fate], because="TOLD_SO")
            else:
                answer = at.ask_paid_back(paying)
        at.after_back(sent)
        if fate is Fate.UNANSWERED_AFTER:
            raise UnansweredError(at.name)
        return answer


def _given(content: bytes, *, cut_off: bool) -> Iterator[bytes]:
    middle = len(content) // 2
    yield content[:middle]
    if cut_off:
        raise UnansweredError("cut off")
    yield content[middle:]


# The shop ------------------------------------------------------------------------------------------------


@dataclass
class PaymentWorkers(Workers):
    """The functions of the job on payments, and the queue between them."""

    book: PaymentBook = field(kw_only=True)
    sender_of: SenderOf = field(kw_only=True)
    pay_back: PayBack = field(kw_only=True)
    assigning: Assigning = field(kw_only=True)
    reconciling: Reconciling = field(kw_only=True)

    def start(self, job: str, at: datetime) -> int:
        """Start the job as its schedule does; return how many tasks that is."""

        def idle(task: Task) -> bool:
            return self.looks_first and jobs.idle(task, self.book)

        starter = Starter(self.box.queue, self.runs, jobs.tasks, lambda: at, idle=idle)
        return starter({"job": job}, Context())["tasks"]

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        work = PaymentJobs(
            book=self.book,
            asking=Asker(book=self.book, sender_of=self.sender_of),
            pay_back=self.pay_back,
            assigning=self.assigning,
            reconciling=self.reconciling,
            runs=self.runs,
            queue=self.box.queue,
        ).work
        return lambda event, context: consume(event, context, work)


@dataclass
class Paying:
    """A shop whose orders are paid through scripted providers."""

    shop: Shop
    on: tuple[str, ...] = PROVIDERS
    payments_url: str = "https://api.test/payments"
    return_url: str = "https://shop.test/paid"
    providers: dict[str, Scripted] = field(default_factory=dict)
    no_keys: set[str] = field(default_factory=set)
    """Providers whose keys cannot be had."""
    workers_now: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    """What the workers' own clock says, where their tasks come later than they say."""
    placed: int = 0
    bucket: Bucket = field(default_factory=Bucket)
    """Where statements lie."""

    def __post_init__(self) -> None:
        self.providers = {
            name: Scripted(name, lazy=name == "alipay", keyed_by_tries=name == "stripe") for name in PROVIDERS
        }

    @property
    def wechatpay(self) -> Scripted:
        """A provider that opens a trade when it is asked to."""
        return self.providers["wechatpay"]

    @property
    def alipay(self) -> Scripted:
        """A provider that knows of a trade once the shopper opens its page."""
        return self.providers["alipay"]

    @property
    def stripe(self) -> Scripted:
        """A provider that knows a transfer by its number and its tries."""
        return self.providers["stripe"]

    @property
    def table(self) -> str:
        """The payments' table."""
        return self.shop.settings.payments_table

    @property
    def book(self) -> PaymentBook:
        """The payments."""
        return PaymentBook.of(self.shop.tables, self.shop.settings, self.shop.policy)

    @property
    def assigning(self) -> Assigning:
        """What staff decide about unassigned money."""
        return Assigning(book=self.book, policy=self.shop.policy)

    @property
    def pay_back(self) -> PayBack:
        """Who pays back what is due."""
        return PayBack(
            book=self.book,
            sender_of=self.sender_of,
            payments_url=self.payments_url,
            clock=lambda: self.workers_now,
        )

    @property
    def reconciling(self) -> Reconciling:
        """Who compares statements with what we have."""
        shelf = Shelf(Versions(self.bucket, "statements"))
        return Reconciling(book=self.book, sender_of=self.sender_of, shelf=shelf, on=self.on)

    @property
    def by_hand(self) -> Refunds:
        """The refunds on finance's list."""
        return Refunds(book=self.book, sender_of=self.sender_of)

    def sender_of(self, provider: str) -> Sender:
        """Return who asks a provider."""
        if provider in self.no_keys:
            raise UnansweredError(provider)
        return ScriptedSender({"at": self.providers[provider]})

    @property
    def _prefix(self) -> str:
        return self.shop.settings.orders_table.removesuffix("-Orders")

    # --- orders ---

    def open(self, *member_ids: str) -> None:
        """Stock the shop and register members who hold points."""
        self.shop.stock(TEA, 1_000, TEA_FEN)
        for member_id in member_ids or ("alice",):
            self.shop.register(member_id)
            hold_points(self.shop.tables, self.shop.settings.members_table, member_id, {"2026": 3_300})

    def place(
        self,
        *,
        at: datetime = NOON,
        points: int = 0,
        quantity: int = 1,
        member_id: str = "alice",
        sku: str = TEA,
    ) -> Order:
        """Place a new order."""
        self.placed += 1
        placing = self.shop.placing(member_id, f"k{self.placed}", sku, quantity=quantity)
        cart = Cart(lines=(CartLine(sku=sku, quantity=quantity),), points=points)
        order, repeated = self.shop.checkout.place(replace(placing, cart=cart, placed_at=at), Deadline(20))
        assert not repeated
        return order

    def order(self, order: Order | str) -> Order:
        """Return an order as it is stored."""
        return self.shop.book.require(order if isinstance(order, str) else order.order_id)

    def cancel(self, order: Order, at: datetime = NOON) -> Order:
        """Cancel an order."""
        return self.shop.book.change(order.order_id, lambda found: life.cancel(found, now=at), Deadline(20))

    def ship(self, order: Order, at: datetime = NOON) -> Order:
        """Ship an order."""
        told = {"tracking_no": "T1"}
        return self.shop.book.change(
            order.order_id, lambda found: life.ship(found, told=told, now=at), Deadline(20)
        )

    def receive(self, order: Order, at: datetime = NOON) -> Order:
        """Receive an order, shipping it if it is not."""
        self.ship(order, at)
        return self.shop.book.change(order.order_id, lambda found: life.receive(found, now=at), Deadline(20))

    def refuse(self, order: Order, at: datetime = NOON) -> Order:
        """Refuse an order's parcel, shipping it if it is not."""
        self.ship(order, at)
        return self.shop.book.change(order.order_id, lambda found: life.refuse(found, now=at), Deadline(20))

    def give_back(
        self, order: Order, units: Mapping[str, int] | int = 1, return_id: str = "r1", at: datetime = NOON
    ) -> Left:
        """Return units of an order, by default of tea (O5)."""
        return self._take(RETURNED, order, units, return_id, at)

    def leave(
        self, order: Order, units: Mapping[str, int] | int = 1, cancel_id: str = "c1", at: datetime = NOON
    ) -> Left:
        """Let units leave an order before its shipment, by default of tea (O7)."""
        return self._take(CANCELLED, order, units, cancel_id, at)

    def _take(
        self, way: Any, order: Order, units: Mapping[str, int] | int, caller_id: str, at: datetime
    ) -> Left:
        named = {TEA: units} if isinstance(units, int) else units
        leaving = Leaving(way=way, order_id=order.order_id, caller_id=caller_id, units=named, at=at)
        return take_units(self.shop.book, leaving, Deadline(20))

    def lapse(self, order: Order, at: datetime = LAPSES) -> Order:
        """Let an order lapse if it is due, as the job does."""
        return self.shop.book.change(order.order_id, lambda found: as_of(found, at), Deadline(20))

    def by_staff(
        self, order: Order, payment_id: str = "cash-1", *, amount_fen: int | None = None, at: datetime = NOON
    ) -> Order:
        """Let staff record a payment by hand."""
        return payments.pay(
            self.shop.book,
            order.order_id,
            payment_id=payment_id,
            amount_fen=order.quote.paid_fen if amount_fen is None else amount_fen,
            now=at,
            deadline=Deadline(20),
        )

    def through(
        self, order: Order, provider: str = "wechatpay", *, at: datetime = NOON, amount: int | None = None
    ) -> str:
        """Let an order be paid through a provider, which tells of it; return the provider's number."""
        number = self.number(order, provider, at=at)
        if self.providers[provider].lazy:
            self.providers[provider].opens(number)
        notice = self.providers[provider].pays(number, amount=amount)
        self.tell(notice, at)
        return notice.object_id

    def bought(
        self, provider: str = "wechatpay", *, quantity: int = 1, at: datetime = NOON, **how: Any
    ) -> Order:
        """Place an order and have it paid, through a provider or ``by hand``; return it as it is then."""
        order = self.place(quantity=quantity, at=at, **how)
        if provider == BY_HAND:
            self.by_staff(order, f"cash-{order.order_id}", at=at)
        else:
            self.through(order, provider, at=at)
        return self.order(order)

    def paid(self, order: Order | str) -> list[tuple[str, int, bool]]:
        """Return an order's payments: the id, how much, and whether it paid for the order."""
        found = self.order(order).payments
        return [(each.payment_id, each.amount_fen, each.applied) for each in found]

    # --- asking for a payment ---

    def ask(
        self,
        order: Order | str,
        provider: str = "wechatpay",
        method: str = DEFAULT,
        *,
        payer: str | None = None,
        at: datetime = NOON,
        member_id: str | None = "alice",
        deadline: Deadline | None = None,
    ) -> tuple[Attempt, Action]:
        """Ask for the payment of an order."""
        cashier = Cashier(
            book=self.book,
            sender_of=self.sender_of,
            on=self.on,
            payments_url=self.payments_url,
            return_url=self.return_url,
        )
        return cashier.ask_for_payment(
            order if isinstance(order, str) else order.order_id,
            Wanted(provider=provider, method=method, payer=payer),
            member_id=member_id,
            now=at,
            deadline=deadline or Deadline(20),
        )

    def number(self, order: Order, provider: str = "wechatpay", *, at: datetime = NOON) -> str:
        """Ask for the payment of an order; return the attempt's number."""
        return self.ask(order, provider, at=at)[0].attempt_id

    def attempts(self, order: Order) -> list[Attempt]:
        """Return an order's attempts as they are stored."""
        return self.book.attempts(order.order_id)

    def states(self, order: Order) -> list[State]:
        """Return how an order's attempts stand with us."""
        return [each.state for each in self.attempts(order)]

    # --- what providers tell ---

    def keep(self, notice: Notice, at: datetime = NOON) -> Row:
        """Keep what a provider tells, as the notifications' function does; return the row."""
        self.shop.tables.put_new(self.table, notice_row(notice, sha256=SHA256, at=at))
        return self.kept(notice)

    def kept(self, notice: Notice) -> Row:
        """Return the row of what a provider told."""
        row = self.shop.tables.get(self.table, notice_key(notice))
        assert row is not None
        return row

    def deliver(self, *rows: Row, at: datetime = NOON) -> bool:
        """Deliver rows as one batch of the table's stream; return whether none is to be delivered again."""
        records = [stream_record(row, sequence=number) for number, row in enumerate(rows)]
        try:
            return not Hearer(self.book, lambda: at)({"Records": records}, Context(remaining_ms=25_000))[
                "batchItemFailures"
            ]
        except BatchError:  # all of them failed
            return False

    def tell(self, notice: Notice, at: datetime = NOON) -> None:
        """Let a provider tell something, and let it be worked off."""
        assert self.deliver(self.keep(notice, at), at=at)

    # --- the job ---

    def workers(self, **how: Any) -> PaymentWorkers:
        """Return the functions of the job."""
        return PaymentWorkers(
            shop=self.shop,
            book=self.book,
            sender_of=self.sender_of,
            pay_back=self.pay_back,
            assigning=self.assigning,
            reconciling=self.reconciling,
            **how,
        )

    def clock(self, at: datetime) -> None:
        """Let it be a moment at the providers, too."""
        for each in self.providers.values():
            each.now = at

    def job(self, at: datetime, **how: Any) -> None:
        """Run the job as of a moment."""
        self.clock(at)
        assert self.workers().do(ASK_PAYMENTS, at, **how) == []

    def job_every_minute(self, first: datetime, last: datetime) -> None:
        """Run the job every minute from one moment to another, both with it."""
        for minute in range((last - first) // MINUTE + 1):
            self.job(first + minute * MINUTE)

    def reconcile(self, at: datetime, **how: Any) -> None:
        """Run the job that compares statements as of a moment."""
        self.clock(at)
        assert self.workers().do(RECONCILE_PAYMENTS, at, **how) == []

    def day(self, day: date, *, limit: int = 100) -> Day:
        """Return the differences of a day as staff see them, page by page, all together."""
        found: list[Difference] = []
        after: str | None = None
        while True:
            page = page_of_day(self.book, day, limit=limit, after=after, deadline=Deadline(20))
            found += page.differences
            after = page.position
            if after is None:
                return Day(differences=found, statements=page.statements, position=None)

    def due(self, kind: str) -> list[Row]:
        """Return all that stands in the index of due work of a kind, whenever it is due."""
        found: list[Row] = []
        for shard in range(DUE_SHARDS):
            rows, more = self.book.due(
                kind, shard, now=datetime(2100, 1, 1, tzinfo=UTC), limit=1_000, after=None
            )
            assert not more
            found += rows
        return found

    # --- refunds ---

    def refund_rows(self, subject: str | None = None) -> list[Row]:
        """Return the rows of refunds, all or those of an order or of unassigned money."""
        return [
            row for row in self.rows() if row["item"].startswith(REFUND) and subject in (None, row["subject"])
        ]

    def refunds(self, subject: str | None = None) -> list[Refund]:
        """Return refunds as their rows say, by their ids."""
        return sorted(map(refund_of, self.refund_rows(subject)), key=lambda each: each.refund_id)

    def transfers(self) -> list[Transfer]:
        """Return all transfers, by their numbers."""
        found = [transfer_of(row) for row in self.rows() if row["item"].startswith(TRANSFER)]
        return sorted(found, key=lambda each: each.number)

    def shown(self, order: Order) -> list[tuple[int, str]]:
        """Return an order's refunds as it shows them: how much, and where each stands."""
        return [(each.amount, state.value) for each, state in self.shop.book.refunds(self.order(order))]

    def listed(self, state: RefundState) -> list[Refund]:
        """Return the refunds on finance's list that stand so, page by page."""
        found: list[Refund] = []
        after: tuple[str, str] | None = None
        while True:
            page, after = self.by_hand.page(state, limit=3, after=after, deadline=Deadline(20))
            assert len(page) <= 3
            found += page
            if after is None:
                return found

    def due_refunds(self, at: datetime) -> list[Row]:
        """Return what is due of refunds at a moment, one row for each payment."""
        told = calendar.to_row(at)
        keys = [
            (self.table, {name: row[name] for name in ("subject", "item")})
            for row in self.due(REFUNDS)
            if row["due_at"] <= told
        ]
        by_payment: dict[tuple[str, str], Row] = {}
        for row in self.shop.tables.batch_get(keys, Deadline(20)):
            assert row is not None
            by_payment.setdefault((row["subject"], row["payment_id"]), row)
        return list(by_payment.values())

    def go_on(self, at: datetime) -> int:
        """Go on with each payment of which something is due, once; return of how many that was.

        It is what the job does with each row that is due, without its queue.
        """
        self.clock(at)
        rows = self.due_refunds(at)
        for row in rows:
            self.pay_back.work(row["subject"], row["item"], now=at, deadline=Deadline(20))
        return len(rows)

    def pass_time(self, first: datetime, last: datetime, *, every: timedelta = MINUTE) -> datetime:
        """Let time pass as if the job ran every minute from one moment to another, both with it.

        Runs in which nothing is due are left out. Returns when something was done last.
        """
        at = done = first
        while at <= last:
            if self.go_on(at):
                done = at
                at += every
                continue
            waiting = [calendar.from_row(row["due_at"]) for row in self.due(REFUNDS)]
            if not waiting:
                break
            at += max(1, -((min(waiting) - at) // -every)) * every
        return done

    # --- unassigned money ---

    def unassigned(self) -> list[Unassigned]:
        """Return all money that nobody has decided on, page by page, as it is listed."""
        found: list[Unassigned] = []
        after: tuple[str, str] | None = None
        while True:
            page, after = self.assigning.page(limit=3, after=after, deadline=Deadline(20))
            assert len(page) <= 3
            found += page
            if after is None:
                return found

    # --- all that is written ---

    def rows(self) -> list[Row]:
        """Return all rows of the payments' table."""
        return self._rows("Payments")

    def dump(self) -> Dump:
        """Return all that is written, in a form that equal states have alike."""
        return {
            (name, row[partition], row["item"]): json.dumps(row, sort_keys=True)
            for name, partition in PARTITION_KEYS.items()
            for row in self._rows(name)
        }

    def restore(self, dump: Dump) -> None:
        """Bring all tables back to a state."""
        wire, now = wire_of(self.shop.tables.client), self.dump()
        for name, partition, item in now.keys() - dump.keys():
            key = {PARTITION_KEYS[name]: {"S": partition}, "item": {"S": item}}
            wire.ask("DeleteItem", {"TableName": f"{self._prefix}-{name}", "Key": key})
        for place, text in dump.items():
            if now.get(place) != text:
                row = to_item(json.loads(text))
                wire.ask("PutItem", {"TableName": f"{self._prefix}-{place[0]}", "Item": row})

    def _rows(self, name: str) -> list[Row]:
        answer = wire_of(self.shop.tables.client).ask(
            "Scan", {"TableName": f"{self._prefix}-{name}", "ConsistentRead": True}
        )
        assert "LastEvaluatedKey" not in answer
        return [from_item(item) for item in answer["Items"]]

    # --- what the outside is told ---

    def told(self) -> list[Event]:
        """Return what the rows of payments and of unassigned money tell the outside, each once."""
        policy = self.shop.policy
        found: list[Event] = []
        for row in self._rows("Orders"):
            if row["item"] == "PAYMENT":
                received_at = calendar.from_row(row["received_at"])
                found += order_events.of_payment(row, received_at, policy)
        for row in self.rows():
            if "told" in row:
                change = RowChange(before=None, after=row, sequence_number="1", at=NOON)
                found += payment_events.of_change(change, policy)
        return found

    def told_of(self, kind: type[Event]) -> list[Any]:
        """Return the events of a kind."""
        return [each for each in self.told() if type(each) is kind]


@contextmanager
def nothing_happens(paying: Paying) -> Iterator[None]:
    """Hold that nothing is written and no provider is asked meanwhile."""
    before, asked = paying.dump(), _asked(paying)
    yield
    assert paying.dump() == before
    assert _asked(paying) == asked


def _asked(paying: Paying) -> int:
    return sum(len(each.sent) + len(each.sent_back) for each in paying.providers.values())


def check_providers(paying: Paying) -> None:
    """Hold what no run of events may break, by the providers' own books (Y6, Y7).

    Of no payment goes more back than is due, by all refunds that there are; a transfer moves its money once,
    its contents are the same at every send; transfers of a payment are at most fifty, one at a time, at least
    61 seconds apart; and none is sent a second time that was not asked after.
    """
    dues = Counter[str]()
    for each in paying.refunds():
        dues[each.payment_id] += each.amount
    for provider in paying.providers.values():
        assert provider.complaints == []
        payments = {each.paying.payment for each in provider.sent_back}
        for payment in payments:
            assert provider.went_back(payment) <= dues[f"{provider.name}:{payment}"]
            _check_sends([each for each in provider.sent_back if each.paying.payment == payment])
        sends: dict[str, set[PayingBack]] = {}
        for sent in provider.sends():
            sends.setdefault(sent.paying.number, set()).add(replace(sent.paying, tries=0))
        assert all(len(contents) == 1 for contents in sends.values())
        for number, moved in provider.transfers().items():
            (contents,) = sends[number]
            assert moved in (0, contents.amount)


def _check_sends(asked: list[SentBack]) -> None:
    numbers = list(dict.fromkeys(each.paying.number for each in asked if each.word is Word.PAY_BACK))
    assert len(numbers) <= TRANSFERS_MAX
    last: SentBack | None = None
    for place, each in enumerate(asked):
        if each.word is not Word.PAY_BACK:
            continue
        if last is not None and last.paying.number != each.paying.number:
            assert each.at - last.at >= timedelta(seconds=61)
        elif last is not None:
            before = asked[place - 1]
            assert (before.word, before.paying.number) == (Word.ASK_PAID_BACK, each.paying.number)
        last = each


def refusal(act: Callable[[], object]) -> tuple[int, str]:
    """Do something that is refused; return the status and the code."""
    try:
        done = act()
    except RefusalError as refused:
        return refused.status, refused.code
    raise AssertionError(f"it was not refused: {done}")


def differ(tables: Tables, settings: Settings, at: datetime, count: int) -> None:
    """Let the statement of the day before have so many differences."""
    day = day_of(at) - timedelta(days=1)
    statement = Statement(
        provider="stripe", day=day, state=Compared.COMPARED, at=at, version_id="v1", lines=count, found=count
    )
    tables.put(settings.payments_table, statement_row(statement))
    for number in range(count):
        difference = Difference(
            kind=Differs.MISSING_HERE,
            provider="stripe",
            entry="payment",
            payment_id=f"stripe:pi_{number}",
            number=f"pi_{number}",
            theirs=Side(amount=100, currency="CNY", state="succeeded"),
            line=number + 2,
        )
        partition = differences_partition("stripe", day, "v1")
        tables.put(settings.payments_table, difference_row(difference, partition))


def money_waits(tables: Tables, settings: Settings, order_id: str, at: datetime, count: int) -> None:
    """Let staff have so much money that is no order's, as many refunds that have failed, and differences."""
    differ(tables, settings, at, count)
    for number in range(count):
        money = Unassigned(
            payment_id=f"stripe:pi_{number}",
            provider="stripe",
            because=Because.UNKNOWN_NUMBER,
            noticed_at=at + timedelta(seconds=number),
            amount=100,
            currency="CNY",
        )
        refund = Refund(
            refund_id=f"{order_id.replace('ord', 'ref')}_c{number:05}",
            subject=order_id,
            payment_id="stripe:pi_other",
            amount=100,
            reason="returned",
            made_at=at + timedelta(seconds=number),
            order_id=order_id,
            member_id="bob",
        )
        for row in (unassigned_row(money), refund_row(failed(refund, "no_word"))):
            tables.put(settings.payments_table, row)
