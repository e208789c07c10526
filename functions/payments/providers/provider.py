"""What an adapter is: the words in which all providers speak to us, and we to them (Y1-Y3).

A provider is spoken to in two roles with keys of their own: one who *sends* asks for payments and about them,
one who *receives* reads what the provider tells by itself. Amounts are whole minor units of a currency.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

CNY = "CNY"
DEFAULT = "default"
"""The method of whoever names none."""


class Kind(StrEnum):
    """What a notification is about."""

    PAYMENT = "payment"
    REFUND = "refund"
    DISPUTE = "dispute"


class Stands(StrEnum):
    """How an attempt stands at its provider."""

    OPEN = "open"
    """It may still be paid."""
    PAYING = "paying"
    """The shopper's money is under way: neither paid nor closable now."""
    PAID = "paid"
    CLOSED = "closed"
    """It can never be paid any more."""
    ABSENT = "absent"
    """The provider knows nothing of it, which is no end: the shopper may still open it (Y2)."""


class ActionKind(StrEnum):
    """What a device does with an action's value."""

    QR = "qr"
    REDIRECT = "redirect"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - what the shopper's device is given
    PARAMS = "params"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a shopper's device needs to pay; ``value`` is a text, or the parameters by their names."""

    kind: ActionKind
    value: str | Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What a provider is asked to have paid: every field that is sent, the same at every try (Y2).

    ``number`` is ours, unique at the provider; ``ends_at`` the moment from which it must not be paid any
    more. ``return_url`` is where a shopper comes back to, or empty.
    """

    number: str
    method: str
    amount_fen: int
    title: str
    asked_at: datetime
    ends_at: datetime
    notify_url: str
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What came of an attempt's begin: the device's action, and what is kept to answer it again.

    ``kept`` holds no secret of the shopper's device: what one gets is made, or asked for, anew.
    """

    action: Action
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a provider says of an object of its own, in our words (Y1).

    ``object_id`` is the provider's number of it, ``number`` ours of the attempt, if it names one. ``state``
    is the provider's own word; ``paid`` says that it is money that has arrived (Y3). ``amount`` and
    ``currency`` are None where they are not told, or cannot be read exactly. ``at`` is the provider's time,
    which decides nothing (Y5).
    """

    provider: str
    kind: Kind
    object_id: str
    state: str
    paid: bool = False
    number: str | None = None
    amount: int | None = None
    currency: str | None = None
    at: datetime | None = None
    event_id: str | None = None
    payment: str | None = None
    """The provider's number of the payment that a refund or a dispute is of, if it names it."""
    transfer: str | None = None
    """Our number of the transfer that a refund is, if it names it."""
    disputed: bool = False
    """Of a dispute: it is open."""
    lost: bool = False
    """Of a dispute: it was lost, and ``amount`` has gone (Y7)."""

    @property
    def payment_id(self) -> str:
        """The id that a payment is recorded under with an order."""
        return f"{self.provider}:{self.object_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider says of an attempt that it was asked about; ``notice`` where it is paid."""

    stands: Stands
    notice: Notice | None = None
    kept: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What is known from now on besides what was kept before: a number of the provider's."""


class NotThere(StrEnum):
    """Why a provider gives no statement of a day (Y8)."""

    YET = "yet"
    EMPTY = "empty"
    """It says that it has none: nothing happened on that day, or it is not made yet."""


class PaidBack(StrEnum):
    """How a transfer stands at its provider (Y7)."""

    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It will not be done under this number, and nothing of it has been done."""
    ABSENT = "absent"
    """The provider knows nothing of it."""
    REFUSED = "refused"
    """It was not taken now, and may be later: there is too little money, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayingBack:
    """What a provider is asked to pay back: the same at every send (Y7).

    ``number`` is the transfer's, ``payment`` the provider's number of the payment, ``total`` what it came to.
    ``tries`` counts the provider's final words that the transfer does not exist or has failed.
    """

    number: str
    payment: str
    amount: int
    total: int
    currency: str
    notify_url: str
    tries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidBackAnswer:
    """What a provider says of a transfer, with its own word where it will not do it."""

    state: PaidBack
    because: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a provider that has told something is answered, in its own form."""

    status: int
    body: str
    content_type: str = "text/plain"


class ProviderRefusedError(Exception):
    """The provider will not do what was asked, and never will; ``code`` is its own word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class UnansweredError(Exception):
    """No answer came, or none that can be trusted: it may have happened or not. Ask by number."""


class BadNotificationError(Exception):
    """What came is not from the provider, or not for us; ``cause`` is one of a few words, for counting.

    ``signature`` (also a key that is not known), ``time``, ``merchant``, ``app``, ``form``.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Sender(Protocol):
    """Asks a provider, under the keys of the secret ``send``."""

    methods: ClassVar[frozenset[str]]
    """The methods that it knows, :data:`DEFAULT` among them."""
    payer_methods: ClassVar[frozenset[str]]
    """Those of them that need to be told who pays."""
    bound_methods: ClassVar[frozenset[str]]
    """Those of these whose payments nobody but the payer can pay."""
    address_methods: ClassVar[frozenset[str]]
    """Those of these to which the payer is the address that the shopper's device has."""
    amounts_fen: ClassVar[tuple[int, int]]
    """The least and the greatest amount that it takes."""

    def __init__(self, secret: Mapping[str, Any]) -> None:
        """Read the keys.

        Raises
        ------
        ValueError
            The secret lacks something, which is named; what it holds is not repeated.
        """

    def begin(self, asking: Asking, kept: Mapping[str, str], payer: str | None) -> Begun:
        """Have a payment opened, or found if it is open already, and return what the device needs.

        Raises
        ------
        ProviderRefusedError, UnansweredError
        """

    def ask(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask how an attempt stands.

        Raises
        ------
        ProviderRefusedError, UnansweredError
        """

    def close(self, asking: Asking, kept: Mapping[str, str]) -> Answer:
        """Ask that an attempt be closed, and return how it stands after that.

        Raises
        ------
        ProviderRefusedError, UnansweredError
        """

    def pay_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Have money paid back to the payment that it came by.

        Raises
        ------
        UnansweredError
        """

    def ask_paid_back(self, paying: PayingBack) -> PaidBackAnswer:
        """Ask how a transfer stands.

        Raises
        ------
        UnansweredError
        """

    def statement(self, day: date) -> Iterator[bytes] | NotThere:
        """Return the provider's statement of a day in Asia/Shanghai, in its own form, some bytes at a time.

        What is checked of the whole, such as a digest, is checked when it has been given: whoever takes the
        bytes keeps none of them if the giving raises.

        Raises
        ------
        UnansweredError
            Also while the bytes are given.
        """


class Receiver(Protocol):
    """Reads what a provider tells, under the keys of the secret ``receive``."""

    taken: ClassVar[Reply]
    """What a notification is answered that has been kept."""

    def __init__(self, secret: Mapping[str, Any]) -> None:
        """Read the keys, as :class:`Sender` does."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Check that a notification is the provider's and for us, and return what it says.

        Parameters
        ----------
        headers
            By their names in any case.
        body
            As it was sent, to the byte.

        Raises
        ------
        BadNotificationError
        """

    @classmethod
    def refused(cls, status: int) -> Reply:
        """Return what one is answered that is refused (401) or could not be kept (503)."""
