"""Asking for the payment of an order: one open attempt at a time, answered again when asked again (Y2)."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain.errors import ConflictError, InvalidError
from functions.orders.life import as_of
from functions.orders.order import Order, Status
from functions.payments import attempts
from functions.payments.asking import CLOSE_SECONDS, Asking, SenderOf, unanswered
from functions.payments.attempts import ATTEMPTS_MAX, Attempt, State
from functions.payments.book import PaymentBook
from functions.payments.providers.provider import (
    Action,
    ProviderRefusedError,
    Sender,
    Stands,
    UnansweredError,
)
from functions.platform.deadline import Deadline

TURNS_MAX = 6
"""How often a request begins again because another one has changed the order's attempts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How somebody wants to pay: through whom, by which of its methods, and as whom, if it needs that.

    ``address`` is where the shopper's own device asks from; None if it is not that which asks.
    """

    provider: str
    method: str
    payer: str | None = None
    address: str | None = None

    def payer_for(self, sender: Sender) -> str | None:
        """Return who pays: whoever was named, or the device that asks, to a method that needs its address.

        A page of a browser does not know the address that it is seen under.
        """
        if self.payer is None and self.method in sender.address_methods:
            return self.address
        return self.payer


@dataclass(frozen=True, slots=True, kw_only=True)
class Cashier:
    """Asks providers to have orders paid.

    ``on`` are the providers that may be used; ``payments_url`` is the address under which each of them tells
    what it has to tell, ``return_url`` where a shopper comes back to, or empty.
    """

    book: PaymentBook
    sender_of: SenderOf
    on: tuple[str, ...]
    payments_url: str
    return_url: str

    def ask_for_payment(
        self, order_id: str, wanted: Wanted, *, member_id: str | None, now: datetime, deadline: Deadline
    ) -> tuple[Attempt, Action]:
        """Have a payment of exactly what an order costs opened, or answer the open one again (Y2).

        Raises
        ------
        NotFoundError
            ``order_not_found``.
        InvalidError
            ``provider_not_available``, ``method_not_available``, ``payer_missing``; ``amount_not_payable``.
        ConflictError
            ``order_not_payable``: it is not placed, was paid meanwhile, or its time is nearly up;
            ``too_many_attempts``; ``payment_refused``: by the provider; ``conflict``.
        TryAgainError
            The provider has not answered: nobody knows how an attempt stands.
        """
        for _ in range(TURNS_MAX):
            order = self.book.orders.require(order_id, member_id=member_id)
            sender = self._checked(order, wanted, now)
            told = wanted.payer_for(sender)
            payer = told if wanted.method in sender.bound_methods else None
            made = self.book.attempts(order_id)
            open_one = next(
                (each for each in made if self._is_answered_again(each, wanted, payer, now)), None
            )
            if open_one is not None:
                return self._begin(sender, open_one, told, now, deadline)
            # Before an open attempt is closed for it: one that cannot begin is in no other's way.
            if not attempts.may_begin(order, now):
                raise _not_payable("Its time is nearly up.")
            if len(made) >= ATTEMPTS_MAX:
                raise ConflictError("too_many_attempts", f"The order has had {ATTEMPTS_MAX} attempts.")
            if not all(self._out_of_the_way(each, now, deadline) for each in made):
                continue
            attempt = attempts.begun(
                order,
                place=len(made) + 1,
                provider=wanted.provider,
                method=wanted.method,
                payer=payer,
                title=f"Order {order_id}",
                notify_url=f"{self.payments_url}/{wanted.provider}/notifications",
                return_url=self.return_url,
                now=now,
            )
            if self.book.open(attempt):
                return self._begin(sender, attempt, told, now, deadline)
        raise ConflictError("conflict", "Other requests change the same things; send the same request again.")

    def _checked(self, order: Order, wanted: Wanted, now: datetime) -> Sender:
        """Return who asks the provider, if it can be asked for this."""
        status = as_of(order, now).status
        if status is not Status.PLACED:
            raise _not_payable(f"It is {status}.")
        if wanted.provider not in self.on:
            names = ", ".join(self.on) or "none"
            raise InvalidError("provider_not_available", f"Payment providers that are on: {names}.")
        try:
            sender = self.sender_of(wanted.provider)
        except UnansweredError:
            raise unanswered() from None
        if wanted.method not in sender.methods:
            names = ", ".join(sorted(sender.methods))
            raise InvalidError("method_not_available", f"Methods of {wanted.provider}: {names}.")
        if wanted.method in sender.payer_methods and wanted.payer_for(sender) is None:
            raise InvalidError("payer_missing", f"{wanted.method} needs to know the payer.")
        least, most = sender.amounts_fen
        if not least <= order.quote.paid_fen <= most:
            raise InvalidError(
                "amount_not_payable", f"{wanted.provider} takes amounts of {least} to {most} fen."
            )
        return sender

    @staticmethod
    def _is_answered_again(attempt: Attempt, wanted: Wanted, payer: str | None, now: datetime) -> bool:
        same = attempt.is_of(wanted.provider, wanted.method, payer)
        return attempt.state is State.OPEN and same and now < attempt.ends_at

    def _out_of_the_way(self, attempt: Attempt, now: datetime, deadline: Deadline) -> bool:
        """Close an attempt that could still be paid; return whether it is clear what became of it.

        One that its provider knows nothing of is no end and in nobody's way: it stays in closing, and what
        might still be paid on it goes the way of all late money (O6).

        Raises
        ------
        ConflictError
            ``order_not_payable``: it has been paid.
        TryAgainError
            Nobody says whether it can be paid any more.
        """
        if attempt.state in (State.CLOSED, State.PAID) or attempt.absent:
            return True
        closing = attempts.closing(attempt, now)
        if not self.book.replace(attempt, closing):
            return False
        if deadline.seconds_left() < CLOSE_SECONDS:
            raise unanswered()
        asking = Asking(book=self.book, sender_of=self.sender_of)
        match asking.close(closing, now=now, deadline=deadline):
            case Stands.PAID:
                raise _not_payable("It has been paid.")
            case Stands.CLOSED | Stands.ABSENT:
                return True
        raise unanswered()

    def _begin(
        self, sender: Sender, attempt: Attempt, payer: str | None, now: datetime, deadline: Deadline
    ) -> tuple[Attempt, Action]:
        """Have the provider open an attempt, or show again the one that is open, as the row has it."""
        if not deadline.seconds_left():
            raise unanswered()
        try:
            begun = sender.begin(attempt.asking, attempt.kept, payer)
        except UnansweredError:
            raise unanswered() from None
        except ProviderRefusedError as refusal:
            # It may be refused because it is paid: as with every attempt, its provider's word ends it.
            refused = attempts.refused(attempt, refusal.code, now)
            if self.book.replace(attempt, refused) and deadline.seconds_left() >= CLOSE_SECONDS:
                asking = Asking(book=self.book, sender_of=self.sender_of)
                if asking.close(refused, now=now, deadline=deadline) is Stands.PAID:
                    raise _not_payable("It has been paid.") from None
            raise ConflictError(
                "payment_refused", f"{attempt.provider} refuses this payment.", provider_code=refusal.code
            ) from None
        self.book.replace(attempt, attempts.keeping(attempt, begun.kept))
        return attempt, begun.action


def _not_payable(why: str) -> ConflictError:
    return ConflictError("order_not_payable", f"The order cannot be paid. {why}")
