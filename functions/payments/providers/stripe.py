"""Stripe, by its own SDK: PaymentIntents (https://docs.stripe.com/api/payment_intents) and webhooks.

The SDK signs nothing and checks webhooks; their age it checks backwards only, and by its own clock: that is
done here (Y3). What a lost answer was is found by the same idempotency key with the same contents, which is
answered as it was at first; how it stands now is asked for besides.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

import stripe

from functions.payments.providers import reading
from functions.payments.providers.provider import (
    CNY,
    DEFAULT,
    Action,
    ActionKind,
    Answer,
    Asking,
    BadNotificationError,
    Begun,
    Kind,
    Notice,
    NotThere,
    PaidBack,
    PaidBackAnswer,
    PayingBack,
    ProviderRefusedError,
    Reply,
    Stands,
    UnansweredError,
)
from functions.payments.statements import stripe as report

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams, RefundListParams

NAME = "stripe"
T = TypeVar("T")
PAID_EVENT = "payment_intent.succeeded"
PAID_STATE = "succeeded"
_STANDS: Mapping[str, Stands] = MappingProxyType(
    {
        "requires_payment_method": Stands.OPEN,
        "requires_confirmation": Stands.OPEN,
        "requires_action": Stands.OPEN,
        "requires_capture": Stands.OPEN,
        "processing": Stands.PAYING,
        PAID_STATE: Stands.PAID,
        "canceled": Stands.CLOSED,
    }
)
_ABSENT = "resource_missing"
_PAID_BACK: Mapping[str, PaidBack] = MappingProxyType(
    {
        "pending": PaidBack.PROCESSING,
        "requires_action": PaidBack.PROCESSING,
        "succeeded": PaidBack.SUCCEEDED,
        "failed": PaidBack.FAILED,
        "canceled": PaidBack.FAILED,
    }
)
REFUNDS_A_PAGE = 100
TRANSACTIONS_A_PAGE = 100
TRANSACTION_PAGES_MAX = 5_000
"""Half a million balance transactions of a day are looked through."""
REFUND_PAGES_MAX = 3
"""The refunds of a payment that are looked through: six times as many as we make of one."""
_FINAL = frozenset(
    {
        "InvalidRequestError",  # of one without a code: more than is left of the payment, say
        "amount_too_large",
        "amount_too_small",
        "charge_already_refunded",
        "charge_invalid_parameter",
        "charge_not_refundable",
        "parameter_invalid_integer",
    }
)
"""Codes of a refund that the same contents will be refused with at every try."""
_NO_WORD = frozenset({_ABSENT, "IdempotencyError"})
"""Codes that say nothing of a refund: its payment is not known there, or its key was used for another one."""
REFUNDED_EVENT = "charge.refunded"
_DISPUTED: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "warning_needs_response",
                "warning_under_review",
                "needs_response",
                "under_review",
                "appeal_needs_response",
                "appeal_under_review",
            ),
            True,
        ),
        **dict.fromkeys(("warning_closed", "won", "lost", "prevented"), False),
    }
)
"""Whether a dispute is open, by its status."""
_LOST = "lost"
_DISPUTE_CLOSED_EVENT = "charge.dispute.closed"

stripe.enable_telemetry = False  # it would write into the home folder, and time calls for Stripe


class Sending:
    """Asks Stripe: a PaymentIntent, whose client secret the device confirms it by."""

    methods: ClassVar[frozenset[str]] = frozenset({DEFAULT})
    payer_methods: ClassVar[frozenset[str]] = frozenset()
    bound_methods: ClassVar[frozenset[str]] = frozenset()
    address_methods: ClassVar[frozenset[str]] = frozenset()
    amounts_fen: ClassVar[tuple[int, int]] = (400, 99_999_999)
    """``amount`` of a PaymentIntent: what 0.50 US dollars are, with room for the rate, to eight digits."""

    def __init__(self, secret: Mapping[str, Any]) -> None:
        self._gateway = reading.text(secret, "gateway")
        self._api_keys = reading.texts(secret, "api_keys")

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Have an intent made, or found, and return its client secret."""
        intent = self._intent(asking, kept["intent"]) if "intent" in kept else self._made(asking)
        client_secret = intent.client_secret
        if not client_secret:
            raise UnansweredError("an answer without what was asked for")
        return Begun(
            action=Action(kind=ActionKind.CLIENT_SECRET, value=client_secret), kept={"intent": intent.id}
        )

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands."""
        intent_id = kept.get("intent") or self._made(asking).id
        try:
            intent = self._intent(asking, intent_id)
        except ProviderRefusedError as refusal:
            if refusal.code == _ABSENT:
                return Answer(stands=Stands.ABSENT)
            raise
        return _answer(intent)

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Cancel an attempt's intent, or say how it stands."""
        intent_id = kept.get("intent") or self._made(asking).id
        try:
            # Under a key of its own each time: Stripe answers a key as at first, a refusal too.
            return _answer(self._asked(asking, lambda client: client.v1.payment_intents.cancel(intent_id)))
        except ProviderRefusedError:
            return self.ask(asking, {**kept, "intent": intent_id})

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back; under the key of the same try it is answered as at first, and made once."""
        try:
            refund = self._called(
                lambda client: client.v1.refunds.create(
                    {
                        "payment_intent": paying.payment,
                        "amount": paying.amount,
                        "metadata": {"number": paying.number},
                    },
                    {"idempotency_key": f"{paying.number}.{paying.tries}"},
                ).to_dict()
            )
        except ProviderRefusedError as refusal:
            code = refusal.code
        else:
            if _number(refund) != paying.number:
                raise UnansweredError("another refund")
            return _paid_back(paying, refund)
        return reading.refused(code, final=_FINAL, nothing=_NO_WORD, ask=lambda: self.ask_paid_back(paying))

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands: by the newest refund of its number that goes on or is done, if any."""
        failed: PaidBackAnswer | None = None
        after: str | None = None
        for _ in range(REFUND_PAGES_MAX):
            refunds, after = self._refunds(paying.payment, after)
            for refund in refunds:
                if _number(refund) != paying.number:
                    continue
                answer = _paid_back(paying, refund)
                if answer.state is not PaidBack.FAILED:
                    return answer
                failed = failed or answer
            if after is None:
                return failed or PaidBackAnswer(state=PaidBack.ABSENT)
        raise UnansweredError("more refunds than are looked through")

    def statement(self, day: date) -> Iterator[bytes] | NotThere:
        """Return the balance transactions of a day, as lines of Stripe's report, which it makes more slowly.

        There is one of every day, without lines where nothing happened. The newest come first.
        """
        since = datetime(day.year, day.month, day.day, tzinfo=reading.BEIJING)
        created = {"gte": int(since.timestamp()), "lt": int((since + timedelta(days=1)).timestamp())}
        first = self._transactions(created, None)
        return self._lines(created, first)

    def _lines(
        self, created: Mapping[str, int], page: tuple[list[dict[str, Any]], str | None]
    ) -> Iterator[bytes]:
        yield report.head()
        for _ in range(TRANSACTION_PAGES_MAX):
            transactions, after = page
            try:
                yield report.written(map(report.of_transaction, transactions))
            except (KeyError, TypeError, ValueError, AttributeError):
                raise UnansweredError("an answer without what was asked for") from None
            if after is None:
                return
            page = self._transactions(created, after)
        raise UnansweredError("more transactions than are looked through")

    def _transactions(
        self, created: Mapping[str, int], after: str | None
    ) -> tuple[list[dict[str, Any]], str | None]:
        params: dict[str, Any] = {
            "created": dict(created),
            "expand": ["data.source"],
            "limit": TRANSACTIONS_A_PAGE,
        }
        if after is not None:
            params["starting_after"] = after
        try:
            page = self._called(
                lambda client: client.v1.balance_transactions.list(
                    cast("BalanceTransactionListParams", params)
                ).to_dict()
            )
        except ProviderRefusedError as refusal:
            raise UnansweredError(refusal.code) from None
        return _some(page)

    def _refunds(self, payment: str, after: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """Return some refunds of a payment, the newest first, and the last one's id if there are more."""
        params: RefundListParams = {"payment_intent": payment, "limit": REFUNDS_A_PAGE}
        if after is not None:
            params["starting_after"] = after
        try:
            page = self._called(lambda client: client.v1.refunds.list(params).to_dict())
        except ProviderRefusedError as refusal:
            raise UnansweredError(refusal.code) from None
        return _some(page)

    def _made(self, asking: Asking) -> stripe.PaymentIntent:
        """Have the intent made, or be answered as when it was."""
        return self._asked(
            asking,
            lambda client: client.v1.payment_intents.create(
                {
                    "amount": asking.amount_fen,
                    "currency": CNY.lower(),
                    "description": asking.title,
                    "metadata": {"number": asking.number},
                },
                {"idempotency_key": asking.number},
            ),
        )

    def _intent(self, asking: Asking, intent_id: str) -> stripe.PaymentIntent:
        return self._asked(asking, lambda client: client.v1.payment_intents.retrieve(intent_id))

    def _asked(
        self, asking: Asking, call: Callable[[stripe.StripeClient], stripe.PaymentIntent]
    ) -> stripe.PaymentIntent:
        """Return the intent that is answered to a call, if it is this attempt's."""

        def numbered(client: stripe.StripeClient) -> tuple[stripe.PaymentIntent, object]:
            intent = call(client)
            return intent, intent.metadata["number"]

        intent, number = self._called(numbered)
        if number != asking.number:
            raise UnansweredError("another intent")
        return intent

    def _called(self, call: Callable[[stripe.StripeClient], T]) -> T:
        """Return what is answered to a call; a key that does not count any more is passed over."""
        for api_key in self._api_keys:
            try:
                return call(self._client(api_key))
            except stripe.AuthenticationError:
                continue
            except stripe.StripeError as error:
                raise _failure(error) from None
            except Exception as error:  # of an answer that is none of Stripe's
                raise UnansweredError(type(error).__name__) from None
        raise UnansweredError("no key counts")

    def _client(self, api_key: str) -> stripe.StripeClient:
        """Return a client for one call: it keeps a session, and cookies in it."""
        return stripe.StripeClient(
            api_key,
            base_addresses={"api": self._gateway},
            max_network_retries=0,
            http_client=stripe.RequestsClient(
                timeout=(reading.CONNECT_SECONDS_MAX, reading.READ_SECONDS_MAX)
            ),
        )


def _some(page: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """Return what a page of a list has, and the last one's id if there are more."""
    found, more = page.get("data"), page.get("has_more")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise UnansweredError("an answer without what was asked for")
    if more is False:
        return found, None
    last = reading.told(found[-1], "id") if found and more is True else None
    if last is None:
        raise UnansweredError("an answer without what was asked for")
    return found, last


def _failure(error: stripe.StripeError) -> UnansweredError | ProviderRefusedError:
    """Return what an error says of what was asked for: that it is refused, or nothing."""
    status = error.http_status or 0
    nothing = isinstance(error, stripe.RateLimitError | stripe.APIError)  # the latter: in no form of Stripe's
    if nothing or status in (401, 409, 429) or not 400 <= status < 500:
        return UnansweredError(type(error).__name__)
    return ProviderRefusedError(reading.word(error.code) or type(error).__name__)


def _answer(intent: stripe.PaymentIntent) -> Answer:
    stands = _STANDS.get(intent.status)
    if stands is None:
        raise UnansweredError("an unknown state")
    notice = None
    if stands is Stands.PAID:
        notice = Notice(
            provider=NAME,
            kind=Kind.PAYMENT,
            object_id=intent.id,
            state=intent.status,
            paid=True,
            number=intent.metadata["number"],
            amount=reading.whole(intent.amount_received),
            currency=intent.currency.upper(),
        )
    return Answer(stands=stands, notice=notice, kept={"intent": intent.id})


def _number(refund: Mapping[str, Any]) -> str | None:
    """Return our number of a refund, or None of one that others have made."""
    return reading.told(reading.part(refund, "metadata"), "number")


def _paid_back(paying: PayingBack, refund: Mapping[str, Any]) -> PaidBackAnswer:
    """Return how a refund stands that bears a transfer's number, if it is what was asked for."""
    shown = (
        refund.get("payment_intent"),
        reading.whole(refund.get("amount")),
        reading.currency(refund, "currency"),
    )
    if shown != (paying.payment, paying.amount, paying.currency):
        raise UnansweredError("another refund")
    status = str(refund.get("status"))
    state = _PAID_BACK.get(status)
    if state is None:
        raise UnansweredError("an unknown state")
    because = None
    if state is PaidBack.FAILED:
        because = reading.word(refund.get("failure_reason")) or status
    return PaidBackAnswer(state=state, because=because)


class Receiving:
    """Reads what Stripe tells, signed with one of the webhook's secrets."""

    taken: ClassVar[Reply] = Reply(status=200, body="")

    def __init__(self, secret: Mapping[str, Any]) -> None:
        self._secrets = reading.texts(secret, "webhook_secrets")
        self._account = reading.told(secret, "account")
        self._livemode = secret.get("livemode")
        if not isinstance(self._livemode, bool):
            raise ValueError("livemode: is needed")

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check a notification and return what it says."""
        header = reading.lowered(headers).get("stripe-signature", "")
        if not any(_is_signed(body, header, secret) for secret in self._secrets):
            raise BadNotificationError("signature")
        reading.check_age(_stamp(header), now)
        with reading.bad("form"):
            event = reading.parsed(body)
            if event.get("livemode") is not self._livemode:
                raise BadNotificationError("app")
            if event.get("account") not in (None, self._account):  # a connected account's money is not ours
                raise BadNotificationError("merchant")
            return _notice(event)

    @classmethod
    def refused(cls, status: int) -> Reply:
        """Return what one is answered that is refused, or could not be kept."""
        return Reply(status=status, body="")


def _is_signed(body: bytes, header: str, secret: str) -> bool:
    """Tell whether a body was signed under a secret, however long ago: its age is looked at by our clock."""
    try:
        return bool(stripe.WebhookSignature.verify_header(body, header, secret, tolerance=None))
    except Exception:  # whatever the SDK raises, nothing was verified
        return False


def _stamp(header: str) -> str:
    """Return the time stamp that was verified: the first one, as the SDK takes it."""
    items = (item.split("=", 2) for item in header.split(","))
    return next(value for name, value, *_ in items if name == "t")


def _notice(event: Mapping[str, Any]) -> Notice:
    """Return what an event says: of a refund or a dispute under its own id, of money under the intent's.

    ``charge.refunded`` tells of a charge, by the total that has gone back: that is its state, so that two of
    them are two. The number of a charge or an intent is an attempt's, that of a refund a transfer's.
    """
    event_type, event_id = event["type"], event["id"]
    content = event["data"]["object"]
    kind = _kind(event_type)
    is_refund = kind is Kind.REFUND and event_type != REFUNDED_EVENT
    state = reading.told(content, "status") or event_type
    disputed = False
    if event_type == REFUNDED_EVENT:
        state = f"refunded:{content.get('amount_refunded')}"
    if kind is Kind.DISPUTE:
        # Of a status that we do not know, the event says which: the two are kept as two.
        state = state if state in _DISPUTED else event_type
        disputed = _DISPUTED.get(state, event_type != _DISPUTE_CLOSED_EVENT)
    is_intent = event_type.startswith("payment_intent.")
    amount = content.get("amount_received" if is_intent else "amount")
    number = reading.told(reading.part(content, "metadata"), "number")
    return Notice(
        provider=NAME,
        kind=kind,
        object_id=reading.told(content, "id") or event_id,
        state=state,
        paid=event_type == PAID_EVENT and state == PAID_STATE and reading.told(content, "id") is not None,
        number=None if is_refund else number,
        amount=None if event_type == REFUNDED_EVENT else reading.whole(amount),
        currency=reading.currency(content, "currency"),
        at=datetime.fromtimestamp(event["created"], UTC),
        event_id=event_id,
        payment=None if kind is Kind.PAYMENT else reading.told(content, "payment_intent"),
        transfer=number if is_refund else None,
        disputed=disputed,
        lost=kind is Kind.DISPUTE and state == _LOST,
    )


def _kind(event_type: str) -> Kind:
    if event_type.startswith("charge.dispute."):
        return Kind.DISPUTE
    if event_type.startswith(("refund.", "charge.refund")):
        return Kind.REFUND
    return Kind.PAYMENT
