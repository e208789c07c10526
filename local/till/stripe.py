"""Stripe's PaymentIntents, refunds and disputes, as an account with an API key and one webhook speaks it."""

from __future__ import annotations

import base64
import binascii
import json
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from local.till import statements
from local.till.dialect import Refused, canonical, word
from local.till.keys import ALPHANUMERIC, STRIPE, Keys, hmac_hex
from local.till.messages import BEIJING, Answered, Asked, Json, Sent, json_answer
from local.till.refunds import FAILED, INQUIRIES, Dispute, DisputeState, Refund, RefundState
from local.till.trades import Book, Happened, Notification, State, Trade

API_VERSION = "2026-10-28.endive"
INTENTS = "/v1/payment_intents"
INTENT = re.compile(r"/v1/payment_intents/(pi_\w+)(?:/(cancel|confirm))?")
REFUNDS = "/v1/refunds"
TRANSACTIONS = "/v1/balance_transactions"
REFUND = re.compile(rf"{REFUNDS}/(re_\w+)")
SEARCH = f"{INTENTS}/search"
SEARCH_TERM = re.compile(r"""metadata\[['"](\w+)['"]\]:['"]([^'"]*)['"]""")
WEBHOOK = "stripe-webhook"
AMOUNT_MIN = 400
"""About half a dollar in fen, below which Stripe takes nothing."""
AMOUNT_MAX = 99_999_999
KEY_LIFE_SECONDS = 86_400
PAGE_MAX = 100
DECLINED_CARD = re.compile(r"pm_card_\w*[dD]eclined\w*")
STATES = {
    State.OPEN: "requires_payment_method",
    State.PAYING: "processing",
    State.PAID: "succeeded",
    State.CLOSED: "canceled",
}
TYPES = {
    Happened.PAID: "payment_intent.succeeded",
    Happened.PAYING: "payment_intent.processing",
    Happened.CLOSED: "payment_intent.canceled",
    Happened.FAILED: "payment_intent.payment_failed",
}
REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")
REFUND_REASONS = ("duplicate", "fraudulent", "requested_by_customer")
PENDING = "pending"
REFUND_STATES = {RefundState.PROCESSING: PENDING, RefundState.SUCCEEDED: "succeeded"}
EVIDENCE_SECONDS = 7 * 86_400
Form = list[tuple[str, str]]


class Stripe:
    """An account's side of Stripe, as far as money coming in and going back needs it."""

    name: ClassVar[str] = STRIPE
    repeats_after_seconds: ClassVar[tuple[int, ...]] = (300, 1_800, 7_200, 18_000, 36_000, 43_200, 43_200)
    refund_seconds: ClassVar[float | None] = 0.0

    def __init__(self, keys: Keys, book: Book, gateway: str) -> None:
        self._all_keys = keys
        self._book = book
        self._gateway = gateway

    @property
    def _keys(self) -> Json:
        keys: Json = self._all_keys.values[STRIPE]
        return keys

    def call(self, asked: Asked) -> str:
        """What a request is."""
        if asked.path == REFUNDS or REFUND.fullmatch(asked.path):
            return "refund" if asked.method == "POST" else "refund_query"
        if asked.path == TRANSACTIONS:
            return "statement"
        found = INTENT.fullmatch(asked.path)
        if found and found[2]:
            return "close" if found[2] == "cancel" else "confirm"
        if asked.path == INTENTS and asked.method == "POST":
            return "create"
        return "query" if found or asked.path in (INTENTS, SEARCH) else "unknown"

    def answer(self, asked: Asked, *, forged: bool) -> Answered:
        """Do what was asked; no answer of Stripe's is signed, so that a forged one lies about its account."""
        try:
            form = parse_qsl(asked.body.decode("utf-8", "replace"), keep_blank_values=True)
            is_device = self._authorize(asked, form)
            answered = self._once(asked, form, is_device=is_device)
        except Refused as refused:
            answered = _refusal(refused)
        if forged:
            answered = json_answer(answered.status, self._other(asked))
        return Answered(answered.status, answered.body, {**answered.headers, "Request-Id": f"req_{word(14)}"})

    def failed(self, asked: Asked) -> Answered:
        """What the provider says when its system fails."""
        says = "Sorry! There was an error while processing your request."
        return _refusal(Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "", says, type="api_error"))

    def payable(self, trade: Trade) -> None:
        """Make sure that a shopper may pay a trade."""
        if trade.state is not State.OPEN:
            raise _unexpected_state(trade, "confirm")

    def transaction(self) -> str:
        """A new number of a charge."""
        return f"ch_{word(24)}"

    def told(self, trade: Trade, happened: Happened) -> Json | None:
        """The PaymentIntent, whatever has happened to it."""
        return self._event(TYPES[happened], self.shown(trade))

    def told_back(self, of: Refund | Dispute, happened: Happened) -> list[Json]:
        """Events of a refund, and of its charge when it is made; or events of a dispute and of its money."""
        if isinstance(of, Dispute):
            told = self._dispute_types(of, happened)
            return [self._event(f"charge.dispute.{each}", self.dispute_shown(of)) for each in told]
        shown = self.refund_shown(of)
        if happened is Happened.REFUND_FAILED:
            return [self._event(each, shown) for each in ("refund.updated", "refund.failed")]
        if happened is Happened.REFUND_MADE or of.is_at_once:
            charge = self.charge_shown(self._book.trades[of.trade_key])
            return [self._event("refund.created", shown), self._event("charge.refunded", charge)]
        return [self._event("refund.updated", shown)]

    @staticmethod
    def _dispute_types(dispute: Dispute, happened: Happened) -> list[str]:
        """What is told of a dispute, and of its money where that moves with it."""
        first = {Happened.DISPUTED: "created", Happened.DISPUTE_CLOSED: "closed"}.get(happened, "updated")
        moves = {DisputeState.NEEDS_RESPONSE: "funds_withdrawn", DisputeState.WON: "funds_reinstated"}
        return [first, *([moves[dispute.state]] if dispute.state in moves else [])]

    def _event(self, kind: str, value: Json) -> Json:
        return {
            "object": "event",
            "api_version": API_VERSION,
            "created": int(self._book.now()),
            "data": {"object": value},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }

    def event_id(self) -> str:
        """A new number of an event."""
        return f"evt_{word(24)}"

    def notification(self, notification: Notification) -> Sent:
        """An event, signed by every secret that holds."""
        body = json.dumps({"id": notification.event_id, **notification.content}, indent=2)
        at = int(self._book.now())
        signed = (hmac_hex(secret, f"{at}.{body}".encode()) for secret in self._keys["webhook"])
        header = ",".join([f"t={at}", *(f"v1={each}" for each in signed)])
        return Sent(
            {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}, body.encode()
        )

    def taken(self, status: int, body: bytes) -> bool:
        """2xx says so."""
        return 200 <= status < 300

    def webhook(self) -> str:
        """Where events go, as the account's dashboard says; empty if nowhere."""
        return str(self._book.kept.get(WEBHOOK, ""))

    def shown(self, trade: Trade) -> Json:
        """A PaymentIntent."""
        paid = trade.state is State.PAID
        return {
            "id": trade.ident,
            "object": "payment_intent",
            "amount": trade.amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": trade.paid_amount if paid else 0,
            "application": None,
            "automatic_payment_methods": trade.extra["automatic_payment_methods"],
            "canceled_at": int(trade.closed_at) if trade.closed_at else None,
            "cancellation_reason": trade.extra.get("cancellation_reason"),
            "capture_method": "automatic_async",
            "client_secret": trade.handle,
            "confirmation_method": "automatic",
            "created": int(trade.made_at),
            "currency": (trade.paid_currency if paid else trade.currency).lower(),
            "customer": None,
            "description": trade.title or None,
            "last_payment_error": trade.extra.get("last_payment_error"),
            "latest_charge": trade.transaction or None,
            "livemode": False,
            "metadata": trade.extra["metadata"],
            "next_action": None,
            "payment_method": trade.extra.get("payment_method"),
            "payment_method_options": {},
            "payment_method_types": trade.extra["payment_method_types"],
            "processing": None,
            "receipt_email": None,
            "setup_future_usage": None,
            "shipping": None,
            "status": STATES[trade.state],
        }

    def refund_shown(self, refund: Refund) -> Json:
        """A refund."""
        trade = self._book.trades[refund.trade_key]
        value: Json = {
            "id": refund.ident,
            "object": "refund",
            "amount": refund.amount,
            "balance_transaction": refund.extra["balance_transaction"],
            "charge": trade.transaction,
            "created": int(refund.made_at),
            "currency": refund.currency.lower(),
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": refund.extra["metadata"],
            "payment_intent": trade.ident,
            "reason": refund.extra.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": REFUND_STATES.get(refund.state, refund.word),
            "transfer_reversal": None,
        }
        if refund.state is RefundState.PROCESSING:
            value["pending_reason"] = "processing"
        if refund.state is RefundState.FAILED:
            value["failure_balance_transaction"] = refund.extra["balance_transaction"] + "f"
            if refund.word == FAILED:
                value["failure_reason"] = "expired_or_canceled_card"
        return value

    def charge_shown(self, trade: Trade) -> Json:
        """The charge of a PaymentIntent that has been paid."""
        refunded = sum(each.amount for each in self._book.refunds_of(trade) if each.holds)
        return {
            "id": trade.transaction,
            "object": "charge",
            "amount": trade.paid_amount,
            "amount_captured": trade.paid_amount,
            "amount_refunded": refunded,
            "captured": True,
            "created": int(trade.paid_at or 0),
            "currency": trade.paid_currency.lower(),
            "customer": None,
            "disputed": bool(self._book.disputes_of(trade)),
            "livemode": False,
            "metadata": trade.extra["metadata"],
            "paid": True,
            "payment_intent": trade.ident,
            "refunded": refunded >= trade.paid_amount,
            "status": "succeeded",
        }

    def dispute_shown(self, dispute: Dispute) -> Json:
        """A dispute."""
        trade = self._book.trades[dispute.trade_key]
        is_inquiry = dispute.state in INQUIRIES
        return {
            "id": dispute.ident,
            "object": "dispute",
            "amount": dispute.amount,
            "balance_transactions": [],
            "charge": trade.transaction,
            "created": int(dispute.made_at),
            "currency": dispute.currency.lower(),
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": int(dispute.made_at) + EVIDENCE_SECONDS if dispute.is_open else None,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": is_inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": trade.ident,
            "payment_method_details": {
                "card": {"brand": "visa", "case_type": "inquiry" if is_inquiry else "chargeback"},
                "type": "card",
            },
            "reason": dispute.reason,
            "status": dispute.state,
        }

    def dispute_id(self) -> str:
        """A new number of a dispute."""
        return f"du_1{_mixed(23)}"

    def _other(self, asked: Asked) -> Json:
        """What a forged answer tells: an object that nobody has asked about."""
        if self.call(asked) not in ("refund", "refund_query"):
            return {"object": "payment_intent", "id": f"pi_{word(24)}"}
        refund = {
            "id": f"re_3{_mixed(23)}",
            "object": "refund",
            "amount": 1,
            "currency": "cny",
            "metadata": {},
            "payment_intent": f"pi_3{_mixed(23)}",
            "status": "succeeded",
        }
        if asked.method == "POST" or asked.path != REFUNDS:
            return refund
        return {"object": "list", "url": REFUNDS, "has_more": False, "data": [refund]}

    def _authorize(self, asked: Asked, form: Form) -> bool:
        """Make sure who asks; whether it is a shopper's device."""
        scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
        key = rest.strip()
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key).decode("latin-1").partition(":")[0]
            except (ValueError, binascii.Error):
                key = ""
        key = key or dict(form).get("key", "") or asked.parameters().get("key", "")
        if not key:
            says = "You did not provide an API key in the Authorization header."
            raise Refused(HTTPStatus.UNAUTHORIZED, "", says)
        if key in self._keys["api"]:
            return False
        if key != self._keys["publishable"]:
            says = f"Invalid API Key provided: {key[:7]}****{key[-4:]}"
            raise Refused(HTTPStatus.UNAUTHORIZED, "", says)
        return True

    def _once(self, asked: Asked, form: Form, *, is_device: bool) -> Answered:
        """Do what was asked, or answer again what was answered under its idempotency key."""
        key = asked.headers.get("idempotency-key")
        if asked.method != "POST" or not key or is_device:
            return self._done(asked, form, is_device=is_device)
        place, now = f"{STRIPE}:{key}", self._book.now()
        contents = canonical([asked.path, sorted(form)])
        before = self._book.kept.get(place)
        if before is not None and now - before["at"] < KEY_LIFE_SECONDS:
            if before["contents"] != contents:
                raise Refused(
                    HTTPStatus.BAD_REQUEST,
                    "",
                    "Keys for idempotent requests can only be used with the same parameters they were first "
                    f"used with. Use a key other than '{key}' if you meant to execute a different request.",
                    type="idempotency_error",
                )
            headers = {"Idempotency-Key": key, "Idempotent-Replayed": "true"}
            return json_answer(before["status"], before["value"], headers)
        # A request that is malformed is not kept; one that was begun is, whatever came of it.
        try:
            answered = self._done(asked, form, is_device=False)
        except _Failed as refused:
            answered = _refusal(refused)
        kept = {
            "contents": contents,
            "status": answered.status,
            "value": json.loads(answered.body),
            "at": now,
        }
        self._book.keep(place, kept)
        return Answered(answered.status, answered.body, {**answered.headers, "Idempotency-Key": key})

    def _done(self, asked: Asked, form: Form, *, is_device: bool) -> Answered:
        found = INTENT.fullmatch(asked.path)
        if found and asked.path != SEARCH:
            trade = self._known(found[1], asked, form, is_device=is_device)
            if found[2] == "cancel" and asked.method == "POST" and not is_device:
                return self._cancelled(trade, dict(form))
            if found[2] == "confirm" and asked.method == "POST":
                return self._confirmed(trade, dict(form))
            if not found[2] and asked.method == "GET":
                return json_answer(HTTPStatus.OK, self.shown(trade))
        elif asked.path == INTENTS and asked.method == "POST" and not is_device:
            return self._create(_nested(form))
        elif asked.path == REFUNDS and asked.method == "POST" and not is_device:
            return self._refunded(_nested(form))
        elif asked.path == REFUNDS and asked.method == "GET" and not is_device:
            return self._refunds(asked)
        elif asked.path == TRANSACTIONS and asked.method == "GET" and not is_device:
            return self._transactions(asked)
        elif (one := REFUND.fullmatch(asked.path)) and asked.method == "GET" and not is_device:
            if (refund := self._book.refunds.get((STRIPE, one[1]))) is None:
                raise _no_such("refund", one[1], HTTPStatus.NOT_FOUND, "id")
            return json_answer(HTTPStatus.OK, self.refund_shown(refund))
        elif asked.path in (INTENTS, SEARCH) and asked.method == "GET" and not is_device:
            return self._list(asked)
        says = f"Unrecognized request URL ({asked.method}: {asked.path})."
        raise Refused(HTTPStatus.NOT_FOUND, "", says)

    def _create(self, form: Json) -> Answered:
        amount, currency = _whole(form, "amount"), form.get("currency")
        if not isinstance(currency, str) or not re.fullmatch("[a-zA-Z]{3}", currency):
            raise _missing("currency")
        if amount < AMOUNT_MIN:
            says = f"Amount must be at least {AMOUNT_MIN / 100:.2f} {currency.lower()}"
            raise Refused(HTTPStatus.BAD_REQUEST, "amount_too_small", says, param="amount")
        if amount > AMOUNT_MAX:
            says = f"Amount must be no more than {AMOUNT_MAX / 100:.2f} {currency.lower()}"
            raise Refused(HTTPStatus.BAD_REQUEST, "amount_too_large", says, param="amount")
        metadata = form.get("metadata", {})
        if not isinstance(metadata, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "", "Invalid hash", param="metadata")
        ident = f"pi_3{_mixed(23)}"
        types = form.get("payment_method_types")
        trade = Trade(
            provider=STRIPE,
            ident=ident,
            number=str(metadata.get("number") or ident),
            product="payment_intent",
            amount=amount,
            currency=currency.upper(),
            title=str(form.get("description", "")),
            notify_url="",
            made_at=self._book.now(),
            contents=canonical(form),
            handle=f"{ident}_secret_{_mixed(25)}",
            extra={
                "metadata": metadata,
                "payment_method_types": list(types.values()) if isinstance(types, dict) else ["card"],
                "automatic_payment_methods": None if types else {"enabled": True},
            },
        )
        return json_answer(HTTPStatus.OK, self.shown(self._book.add(trade)))

    def _known(self, ident: str, asked: Asked, form: Form, *, is_device: bool) -> Trade:
        trade = self._book.trades.get((STRIPE, ident))
        given = dict(form).get("client_secret") or asked.parameters().get("client_secret")
        if trade is None or ((is_device or given) and given != trade.handle):
            raise _no_such("payment_intent", ident, HTTPStatus.NOT_FOUND, "intent")
        return trade

    def _cancelled(self, trade: Trade, form: Mapping[str, str]) -> Answered:
        reason = form.get("cancellation_reason")
        if reason is not None and reason not in REASONS:
            says = f"Invalid cancellation_reason: must be one of {', '.join(REASONS)}"
            raise Refused(HTTPStatus.BAD_REQUEST, "", says, param="cancellation_reason")
        if trade.state is not State.OPEN:
            raise _unexpected_state(trade, "cancel")
        trade.extra["cancellation_reason"] = reason
        self._book.close(trade, self._book.now())
        return json_answer(HTTPStatus.OK, self.shown(trade))

    def _confirmed(self, trade: Trade, form: Mapping[str, str]) -> Answered:
        """What a device does: pay as it was planned at the till."""
        self.payable(trade)
        method = form.get("payment_method", "")
        if not method and "payment_method_data[type]" not in form:
            raise _missing("payment_method")
        if DECLINED_CARD.fullmatch(method):
            says = "Your card was declined."
            error = {"code": "card_declined", "decline_code": "generic_decline", "message": says}
            trade.extra["last_payment_error"] = {**error, "type": "card_error"}
            self._book.save(trade)
            self._book.happened(trade, Happened.FAILED)
            more = {"decline_code": "generic_decline", "type": "card_error"}
            intent = self.shown(trade)
            raise Refused(HTTPStatus.PAYMENT_REQUIRED, "card_declined", says, **more, payment_intent=intent)
        trade.extra["payment_method"] = method if method.startswith("pm_") else f"pm_{_mixed(24)}"
        trade.extra.pop("last_payment_error", None)
        self._book.pay(trade, trade.plan, self.transaction())
        return json_answer(HTTPStatus.OK, self.shown(trade))

    def _refunded(self, form: Json) -> Answered:
        metadata, reason = form.get("metadata", {}), form.get("reason")
        if not isinstance(metadata, dict):
            raise Refused(HTTPStatus.BAD_REQUEST, "", "Invalid hash", param="metadata")
        if reason is not None and reason not in REFUND_REASONS:
            says = f"Invalid reason: must be one of {', '.join(REFUND_REASONS)}"
            raise Refused(HTTPStatus.BAD_REQUEST, "", says, param="reason")
        asked = _whole(form, "amount") if "amount" in form else None
        if asked is not None and asked < 1:
            says = "This value must be greater than or equal to 1."
            raise Refused(HTTPStatus.BAD_REQUEST, "parameter_invalid_integer", says, param="amount")
        trade = self._refundable(form)
        left = self._book.left_of(trade)
        amount = left if asked is None else asked
        if not left:
            says = f"Charge {trade.transaction} has already been refunded."
            raise _Failed(HTTPStatus.BAD_REQUEST, "charge_already_refunded", says)
        if amount > left:
            says = (
                f"Refund amount (¥{amount / 100:.2f}) is greater than unrefunded amount on charge "
                f"(¥{left / 100:.2f})"
            )
            raise _Failed(HTTPStatus.BAD_REQUEST, "", says, param="amount")
        if self._book.refund_plan(trade).short:
            says = "Insufficient funds in your Stripe balance to refund this amount."
            raise _Failed(HTTPStatus.BAD_REQUEST, "balance_insufficient", says)
        ident = f"re_3{_mixed(23)}"
        refund = Refund(
            provider=STRIPE,
            ident=ident,
            number=str(metadata.get("number") or ident),
            trade=trade.ident,
            refund_id=ident,
            amount=amount,
            currency=trade.paid_currency,
            contents=canonical(form),
            made_at=self._book.now(),
            extra={"metadata": metadata, "reason": reason, "balance_transaction": f"txn_3{_mixed(23)}"},
        )
        taken = self._book.refund(refund, self.refund_seconds)
        return json_answer(HTTPStatus.OK, self.refund_shown(taken))

    def _refundable(self, form: Json) -> Trade:
        """The paid intent that a refund is of, by its own number or its charge's."""
        name = "payment_intent" if "payment_intent" in form else "charge"
        if (ident := form.get(name)) is None:
            says = (
                "One of the following params should be provided for this request: payment_intent or charge."
            )
            raise Refused(HTTPStatus.BAD_REQUEST, "parameter_missing", says)
        trade = self._of(name, str(ident))
        if trade is None:
            raise _no_such(name, str(ident), HTTPStatus.BAD_REQUEST, name)
        if trade.state is not State.PAID:
            says = f"This PaymentIntent ({trade.ident}) does not have a successful charge to refund."
            raise _Failed(HTTPStatus.BAD_REQUEST, "payment_intent_unexpected_state", says)
        disputes = self._book.disputes_of(trade)
        is_lost = any(each.state is DisputeState.LOST for each in disputes) and not self._book.left_of(trade)
        if is_lost or any(each.is_open and each.withdrawn for each in disputes):
            says = f"Charge {trade.transaction} has been charged back; cannot issue a refund."
            raise _Failed(HTTPStatus.BAD_REQUEST, "charge_disputed", says)
        return trade

    def _of(self, name: str, ident: str) -> Trade | None:
        """The intent with a number of its own, or of its charge."""
        if name == "payment_intent":
            return self._book.trades.get((STRIPE, ident))
        return self._book.of_transaction(STRIPE, ident)

    def _refunds(self, asked: Asked) -> Answered:
        """A page of refunds, the newest first."""
        parameters = asked.parameters()
        found = [each for each in self._book.refunds.values() if each.provider == STRIPE]
        for name in ("payment_intent", "charge"):
            if (ident := parameters.get(name)) is not None:
                if (trade := self._of(name, ident)) is None:
                    raise _no_such(name, ident, HTTPStatus.NOT_FOUND, name)
                found = self._book.refunds_of(trade)
        found.reverse()
        limit = _whole({"limit": "10", **parameters}, "limit")
        if not 1 <= limit <= PAGE_MAX:
            says = f"Invalid limit: must be between 1 and {PAGE_MAX}"
            raise Refused(HTTPStatus.BAD_REQUEST, "parameter_invalid_integer", says, param="limit")
        after, before = parameters.get("starting_after"), parameters.get("ending_before")
        if after and before:
            says = "You can only provide one of these parameters: starting_after, ending_before."
            raise Refused(HTTPStatus.BAD_REQUEST, "", says)
        begins, ends = 0, len(found)
        if after:
            begins = _place(found, after, "starting_after") + 1
        if before:
            ends = _place(found, before, "ending_before")
            begins = max(0, ends - limit)
        page: Json = {
            "object": "list",
            "url": REFUNDS,
            # More of those that are older, or that are newer where one pages backwards.
            "has_more": begins > 0 if before else ends - begins > limit,
            "data": [self.refund_shown(each) for each in found[begins:ends][:limit]],
        }
        return json_answer(HTTPStatus.OK, page)

    def _transactions(self, asked: Asked) -> Answered:
        """A page of balance transactions, the newest first; the account is one in yuan."""
        parameters = asked.parameters()
        since, before = (_whole(parameters, f"created[{each}]") for each in ("gte", "lt"))
        day = datetime.fromtimestamp(since, BEIJING).date()
        wrong = statements.planned(self._book, STRIPE, day)
        if wrong.absent:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "", "An error occurred.", type="api_error")
        said = statements.entries(self._book, STRIPE, since, before, wrong)
        expands = "data.source" in (
            value for name, value in parse_qsl(asked.query) if name.startswith("expand")
        )
        found = [each for entry in said for each in self._transactions_of(entry, expands=expands)]
        found.reverse()
        if wrong.damaged and found:
            found[-1]["amount"] = None
        limit, after = _whole({"limit": "10", **parameters}, "limit"), parameters.get("starting_after")
        begins = 0
        if after is not None:
            places = [place for place, each in enumerate(found) if each["id"] == after]
            if not places:
                raise _no_such("balance_transaction", after, HTTPStatus.BAD_REQUEST, "starting_after")
            begins = places[-1] + 1
        page: Json = {
            "object": "list",
            "url": TRANSACTIONS,
            "has_more": len(found) - begins > limit,
            "data": found[begins : begins + limit],
        }
        return json_answer(HTTPStatus.OK, page)

    def _transactions_of(self, entry: statements.Entry, *, expands: bool) -> list[Json]:
        """What an entry did to the balance: a refund that failed is given back as well."""
        refund = entry.refund
        source = self.refund_shown(refund) if refund else self.charge_shown(entry.trade)
        ident = source["balance_transaction"] if refund else f"txn_{entry.trade.transaction[3:]}"
        kind = "refund" if refund else "charge"
        amount = -entry.amount if refund else entry.amount
        fee = 0 if refund else entry.fee // 100
        value: Json = {
            "id": ident,
            "object": "balance_transaction",
            "amount": amount,
            "created": int(entry.at),
            "currency": entry.currency.lower(),
            "exchange_rate": None,
            "fee": fee,
            "net": amount - fee,
            "reporting_category": kind,
            "source": {**source, "amount": entry.amount} if expands else source["id"],
            "status": "available",
            "type": kind,
        }
        if refund is None or refund.state is not RefundState.FAILED:
            return [value]
        back = {"id": f"{ident}f", "amount": entry.amount, "net": entry.amount}
        return [value, value | back | {"reporting_category": "refund_failure", "type": "refund_failure"}]

    def _list(self, asked: Asked) -> Answered:
        parameters = asked.parameters()
        found = [each for each in self._book.trades.values() if each.provider == STRIPE]
        found.reverse()
        is_search = asked.path == SEARCH
        if is_search:
            terms = SEARCH_TERM.findall(parameters.get("query", ""))
            if not terms:
                raise Refused(HTTPStatus.BAD_REQUEST, "", "We were unable to parse your search query.")
            found = [
                each
                for each in found
                if all(each.extra["metadata"].get(name) == value for name, value in terms)
            ]
        after = parameters.get("starting_after")
        if after and not is_search:
            places = [place for place, each in enumerate(found) if each.ident == after]
            found = found[places[0] + 1 :] if places else []
        limit = min(_whole({"limit": "10", **parameters}, "limit"), PAGE_MAX)
        page: Json = {
            "object": "search_result" if is_search else "list",
            "url": asked.path,
            "has_more": len(found) > limit,
            "data": [self.shown(each) for each in found[:limit]],
        }
        return json_answer(HTTPStatus.OK, page | ({"next_page": None} if is_search else {}))


class _Failed(Refused):
    """A refusal that came of doing what was asked: like a success it is kept under its idempotency key."""


def _nested(form: Form) -> Json:
    """A form's members by their names in brackets."""
    value: Json = {}
    for name, text in form:
        *outer, last = re.split(r"\]?\[", name.rstrip("]"))
        place = value
        for each in outer:
            place = place.setdefault(each, {})
            if not isinstance(place, dict):
                raise Refused(HTTPStatus.BAD_REQUEST, "", "Invalid hash", param=outer[0])
        place[last or str(len(place))] = text
    return value


def _whole(form: Json, name: str) -> int:
    text = form.get(name)
    if text is None:
        raise _missing(name)
    if not isinstance(text, str) or not re.fullmatch(r"-?\d{1,18}", text):
        says = f"Invalid integer: {text}"
        raise Refused(HTTPStatus.BAD_REQUEST, "parameter_invalid_integer", says, param=name)
    return int(text)


def _place(found: list[Refund], ident: str, name: str) -> int:
    for place, each in enumerate(found):
        if each.ident == ident:
            return place
    raise _no_such("refund", ident, HTTPStatus.BAD_REQUEST, name)


def _no_such(what: str, ident: str, status: int, param: str) -> Refused:
    return Refused(status, "resource_missing", f"No such {what}: '{ident}'", param=param)


def _missing(name: str) -> Refused:
    says = f"Missing required param: {name}."
    return Refused(HTTPStatus.BAD_REQUEST, "parameter_missing", says, param=name)


def _unexpected_state(trade: Trade, verb: str) -> Refused:
    says = f"You cannot {verb} this PaymentIntent because it has a status of {STATES[trade.state]}."
    return Refused(HTTPStatus.BAD_REQUEST, "payment_intent_unexpected_state", says)


def _refusal(refused: Refused) -> Answered:
    error: dict[str, Any] = {"type": "invalid_request_error", "message": refused.message, **refused.more}
    if refused.code:
        error["code"] = refused.code
    return json_answer(refused.status, {"error": error})


def _mixed(count: int) -> str:
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(count))
