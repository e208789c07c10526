"""The till as a whole: keys, book, dialects and courier; without a socket of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from http import HTTPStatus
from pathlib import Path

from local.till import statements
from local.till.alipay import BILL_FILE as ALIPAY_FILE
from local.till.alipay import PATH as ALIPAY_PATH
from local.till.alipay import QR as ALIPAY_QR
from local.till.alipay import Alipay
from local.till.courier import Courier
from local.till.dialect import Dialect, Refused, word
from local.till.faults import Fault, Faults, Kind
from local.till.keys import ALIPAY, STRIPE, WECHATPAY, Keys
from local.till.messages import Answered, Asked, json_answer, page_answer, shown
from local.till.pages import cashier
from local.till.plans import TELLING, Plan, RefundPlan, Telling
from local.till.refunds import ABNORMAL, CLOSED, WORDS, Dispute, DisputeState, Refund, RefundState
from local.till.stripe import WEBHOOK, Stripe
from local.till.trades import Book, Happened, Journal, Json, Notification, State, Trade, plan_key
from local.till.wechatpay import H5_PAGE, WeChatPay
from local.till.wechatpay import QR as WECHATPAY_QR

SHOPPER_PAGE = "/till/shopper"
"""Where a browser plays the phone that scans a code."""
NAMES = {WECHATPAY: "WeChat Pay", ALIPAY: "Alipay"}
STANDS = {
    RefundState.PROCESSING: Happened.REFUND_MADE,
    RefundState.SUCCEEDED: Happened.REFUNDED,
    RefundState.FAILED: Happened.REFUND_FAILED,
}
"""What has happened last to a refund."""
BARE = "<html><body><h1>500 Internal Server Error</h1></body></html>"
BEGINNINGS = {
    "/v3/": WECHATPAY,
    H5_PAGE: WECHATPAY,
    ALIPAY_PATH: ALIPAY,
    ALIPAY_FILE: ALIPAY,
    "/v1/": STRIPE,
}


class Till:
    """Answers whatever a provider is asked, and plays its shoppers.

    Parameters
    ----------
    gateway
        The till's own address, without a slash at its end.
    folder
        Where keys and trades are kept; None keeps nothing.
    keys
        Those to use instead of the folder's, or of new ones.
    """

    def __init__(
        self,
        gateway: str,
        folder: Path | None = None,
        now: Callable[[], float] = time.time,
        keys: Keys | None = None,
    ) -> None:
        self.gateway = gateway
        self.keys_file = folder / "keys.json" if folder else None
        self.keys = keys or (Keys.read_or_made(self.keys_file) if self.keys_file else Keys.made())
        self.book = Book(now, Journal(folder / "trades.jsonl") if folder else None)
        self.book.happened = self._told
        self.book.went_back = self._told_back
        self.faults = Faults()
        self.wechatpay = WeChatPay(self.keys, self.book, gateway)
        self.alipay = Alipay(self.keys, self.book, gateway)
        self.stripe = Stripe(self.keys, self.book, gateway)
        self.dialects: dict[str, Dialect] = {
            each.name: each for each in (self.wechatpay, self.alipay, self.stripe)
        }
        self.courier = Courier(self.book, self.dialects)
        self.routes: dict[str, Callable[[Json], Json]] = {
            "GET /till": self._overview,
            "GET /till/trades": self._trades,
            "POST /till/pay": self.pay,
            "POST /till/scan": self.scan,
            "POST /till/plan": self.plan,
            "POST /till/plan/refunds": self.plan_refunds,
            "POST /till/plan/statements": self.plan_statement,
            "GET /till/refunds": self._refunds,
            "POST /till/refunds": self.settle_refund,
            "POST /till/dispute": self.dispute,
            "POST /till/notify": self.notify,
            "POST /till/money": self.money,
            "POST /till/deliver": self._deliver,
            "POST /till/faults": self._fault,
            "GET /till/faults": self._faults,
            "DELETE /till/faults": self._no_faults,
            "POST /till/rotate": self._rotated,
            "POST /till/webhook": self._webhook,
        }
        """The control surface."""

    def provider_of(self, path: str) -> str | None:
        """Whom a request is for."""
        return next((name for start, name in BEGINNINGS.items() if path.startswith(start)), None)

    def answer(self, provider: str, asked: Asked) -> tuple[Answered | None, float]:
        """Answer as a provider, and after how many seconds; None hangs up."""
        dialect = self.dialects[provider]
        fault = self.faults.meet(provider, dialect.call(asked))
        kind = fault.kind if fault else None
        if kind is Kind.HANG_UP_BEFORE:
            return None, 0
        if kind is Kind.BARE:
            return page_answer(BARE, HTTPStatus.INTERNAL_SERVER_ERROR), 0
        with self.book.lock:
            self.book.settle()
            if kind is Kind.ERROR:
                return dialect.failed(asked), 0
            answered = dialect.answer(asked, forged=kind is Kind.FORGED)
            if kind is Kind.ERROR_AFTER:
                answered = dialect.failed(asked)
        return None if kind is Kind.HANG_UP_AFTER else answered, fault.seconds if fault else 0

    def control(self, asked: Asked) -> Answered:
        """Answer a request of the control surface, which is for the local cloud's commands and for tests."""
        try:
            if asked.method == "GET" and asked.path == SHOPPER_PAGE:
                return self._shopper_page(asked)
            value = self._controlled(asked)
        except Refused as refused:
            says = f"{refused.code}: {refused.message}" if refused.code else refused.message
            return json_answer(HTTPStatus.CONFLICT, {"error": says})
        except (ValueError, KeyError, TypeError) as error:
            says = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
            return json_answer(HTTPStatus.BAD_REQUEST, {"error": says})
        if value is None:
            return json_answer(HTTPStatus.NOT_FOUND, {"error": f"no such route: {asked.method} {asked.path}"})
        return json_answer(HTTPStatus.OK, value)

    def _shopper_page(self, asked: Asked) -> Answered:
        """The page where what a code stands for is paid, as the phone that scans it would show it."""
        code = asked.parameters().get("code", "")
        with self.book.lock:
            self.book.settle()
            trade = self._trade({"qr": code})
            self._come(trade)
            return page_answer(
                cashier(trade, NAMES[trade.provider], ""), headers={"Till-Number": trade.number}
            )

    def _controlled(self, asked: Asked) -> Json | None:
        body = json.loads(asked.body) if asked.body else {}
        if not isinstance(body, dict):
            raise ValueError("the body is an object")
        route = self.routes.get(f"{asked.method} {asked.path}")
        return route({**asked.parameters(), **body}) if route else None

    def _trades(self, body: Json) -> Json:
        with self.book.lock:
            self.book.settle()
            found = self.book.of_number(str(body["number"]), body.get("provider"))
            return {"trades": [self.shown(trade) for trade in found]}

    def _fault(self, body: Json) -> Json:
        self.faults.add(Fault.read(body))
        return self._faults(body)

    def _faults(self, _body: Json) -> Json:
        return {"faults": self.faults.left()}

    def _no_faults(self, body: Json) -> Json:
        self.faults.clear()
        return self._faults(body)

    def _deliver(self, _body: Json) -> Json:
        return {"delivered": self.courier.deliver()}

    def _webhook(self, body: Json) -> Json:
        with self.book.lock:
            self.book.keep(WEBHOOK, str(body["url"]))
        return {"url": body["url"]}

    def _overview(self, _body: Json) -> Json:
        """What runs here, and how much of it."""
        with self.book.lock:
            self.book.settle()
            return {
                "gateway": self.gateway,
                "now": shown(self.book.now()),
                "publishable_key": self.keys.values[STRIPE]["publishable"],
                "webhook": self.stripe.webhook(),
                "trades": len(self.book.trades),
                "refunds": len(self.book.refunds),
                "to_tell": sum(1 for _ in self.book.to_tell()),
            }

    def scan(self, body: Json) -> Json:
        """A shopper comes to a trade by its code, and does not pay yet."""
        with self.book.lock:
            self.book.settle()
            trade = self._trade(body)
            self._come(trade)
            return self.shown(trade)

    def plan(self, body: Json) -> Json:
        """How a device's own payment of a trade will go: a confirmation of Stripe's."""
        with self.book.lock:
            self.book.settle()
            trade = self._trade(body)
            self._check(trade, planned := Plan.read(body))
            trade.plan = planned
            self.book.save(trade)
            return self.shown(trade)

    def pay(self, body: Json) -> Json:
        """A shopper pays; what is to be told at once is told before this answers."""
        with self.book.lock:
            self.book.settle()
            trade = self._trade(body)
            planned = Plan.read(body)
            self._check(trade, planned)
            self._come(trade)
            dialect = self.dialects[trade.provider]
            dialect.payable(trade)
            self.book.pay(trade, planned, trade.transaction or dialect.transaction())
            now = [each.ident for each in self.book.told_of(trade) if each.done is None]
        self.courier.deliver(now)
        with self.book.lock:
            back = (
                self.alipay.return_address(trade) if trade.provider == ALIPAY else body.get("return_to", "")
            )
            return {**self.shown(trade), "return_to": back}

    def plan_refunds(self, body: Json) -> Json:
        """How refunds go that are taken from now on: of a trade, of a provider's trades, or of all."""
        planned = RefundPlan.read(body)
        with self.book.lock:
            self.book.settle()
            names = ("number", "qr", "params", "client_secret")
            trade = self._trade(body) if any(name in body for name in names) else None
            provider = trade.provider if trade else body.get("provider")
            if provider is not None and provider not in self.dialects:
                raise ValueError(f"provider is one of {', '.join(self.dialects)}")
            if provider == ALIPAY and planned.processing_seconds:
                raise ValueError("Alipay refunds at once")
            _check_word(planned.word, provider)
            if trade is not None:
                trade.refund_plan = planned
                self.book.save(trade)
                return self.shown(trade)
            for each in [provider] if provider else [None, *self.dialects]:
                # What is said of all ends what was said of one provider.
                self.book.keep(plan_key(each), asdict(planned) if each == provider else None)
        return {"provider": provider, **asdict(planned)}

    def plan_statement(self, body: Json) -> Json:
        """What is wrong with a provider's statement of a day; what is said last of it holds."""
        provider, wrong = body["provider"], statements.StatementPlan.read(body)
        if provider not in self.dialects:
            raise ValueError(f"provider is one of {', '.join(self.dialects)}")
        day = date.fromisoformat(str(body["date"]))
        with self.book.lock:
            statements.plan(self.book, provider, day, wrong)
        return {"provider": provider, "date": day.isoformat(), **asdict(wrong)}

    def settle_refund(self, body: Json) -> Json:
        """A refund succeeds or fails; what is to be told at once is told before this answers."""
        with self.book.lock:
            self.book.settle()
            refund = self._refund(str(body["number"]), body.get("provider"))
            state, word = body["becomes"], body.get("word")
            if state not in (RefundState.SUCCEEDED, RefundState.FAILED):
                raise ValueError("becomes is succeeded or failed")
            _check_word(word, refund.provider)
            after_all = refund.word == ABNORMAL and state == RefundState.SUCCEEDED
            if refund.state in (state, RefundState.FAILED) and not after_all:
                raise ValueError(f"{refund.number} is {refund.word or refund.state}")
            if state == RefundState.FAILED and refund.state is RefundState.SUCCEEDED and word == CLOSED:
                raise ValueError("WeChat Pay closes no refund that has succeeded")
            if any(name in body for name in TELLING):
                refund.plan = replace(refund.plan, **asdict(Telling.read(body)))
            self.book.settle_refund(refund, RefundState(state), word)
        self._deliver_of(refund)
        with self.book.lock:
            return self.refund_shown(refund)

    def dispute(self, body: Json) -> Json:
        """A shopper's bank wants its money back; or what becomes of that, told before this answers."""
        telling = Telling.read(body)
        with self.book.lock:
            self.book.settle()
            trade = self._trade(body)
            if trade.provider != STRIPE:
                raise ValueError("only Stripe has disputes")
            if trade.state is not State.PAID:
                raise ValueError(f"{trade.number} is not paid: it is {trade.state}")
            opened = [each for each in self.book.disputes_of(trade) if each.is_open]
            state = _dispute_state(body.get("becomes", DisputeState.NEEDS_RESPONSE))
            dispute = opened[-1] if opened else self._disputed(trade, state, body)
            dispute.telling = telling
            self.book.dispute(dispute, state)
        self._deliver_of(dispute)
        with self.book.lock:
            return self.shown(trade)

    def _disputed(self, trade: Trade, state: DisputeState, body: Json) -> Dispute:
        """A new dispute of a trade, which is not in the book yet."""
        amount = body.get("amount_fen", self.book.left_of(trade) or trade.paid_amount)
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= trade.paid_amount:
            raise ValueError(f"amount_fen is a whole number from 1 to {trade.paid_amount}")
        return Dispute(
            provider=STRIPE,
            ident=self.stripe.dispute_id(),
            trade=trade.ident,
            amount=amount,
            currency=trade.paid_currency,
            reason=str(body.get("reason", "fraudulent")),
            made_at=self.book.now(),
            state=state,
        )

    def _deliver_of(self, of: Refund | Dispute) -> None:
        with self.book.lock:
            now = [each.ident for each in self.book.told_of(of) if each.done is None]
        self.courier.deliver(now)

    def notify(self, body: Json) -> Json:
        """Tell something again, as a provider does that has lost the answer; so many times, at once."""
        times = body.get("times", 1)
        if isinstance(times, bool) or not isinstance(times, int) or not 0 < times <= 1_000:
            raise ValueError("times is a number from 1 to 1000")
        if "refund" in body:
            return self._notify_refund(str(body["refund"]), body.get("provider"), times)
        with self.book.lock:
            self.book.settle()
            trade = self._trade(body)
            if trade.state is not State.PAID:
                raise ValueError(f"{trade.number} is not paid: it is {trade.state}")
            before = [each for each in self.book.told_of(trade) if each.happened is Happened.PAID]
            event_id = before[0].event_id if before else None
            now = self.book.now()
            again = [self._tell(trade, Happened.PAID, event_id, now) for _ in range(times)]
        self.courier.deliver(each.ident for each in again if each)
        with self.book.lock:
            return self.shown(trade)

    def _notify_refund(self, number: str, provider: str | None, times: int) -> Json:
        with self.book.lock:
            self.book.settle()
            refund = self._refund(number, provider)
            happened = STANDS[refund.state]
            before = {each.event_id: each for each in self.book.told_of(refund) if each.happened is happened}
            now = self.book.now()
            if before:
                again = [self._tell_again(each, now) for _ in range(times) for each in before.values()]
            else:
                again = [each for _ in range(times) for each in self._tell_back(refund, happened, now)]
        self.courier.deliver(each.ident for each in again)
        with self.book.lock:
            return self.refund_shown(refund)

    def money(self, body: Json) -> Json:
        """Money comes in that nobody has asked for, under any number."""
        provider, number, amount = body["provider"], body["number"], body["amount_fen"]
        if provider not in self.dialects or not isinstance(number, str):
            raise ValueError("provider and number are texts")
        if isinstance(amount, bool) or not isinstance(amount, int) or amount < 1:
            raise ValueError("amount_fen is a whole number above 0")
        with self.book.lock:
            self.book.settle()
            if self.book.of_number(number, provider):
                raise ValueError(f"{number} is a trade already: pay it")
            self.book.add(
                Trade(
                    provider=provider,
                    ident=f"pi_3{word(23)}" if provider == STRIPE else number,
                    number=number,
                    product="native",
                    amount=amount,
                    currency="CNY",
                    title="money",
                    notify_url=str(body.get("notify_url", "")),
                    made_at=self.book.now(),
                    contents="",
                    handle=word(24),
                    extra={
                        "metadata": {"number": number},
                        "payment_method_types": ["card"],
                        "automatic_payment_methods": None,
                    },
                )
            )
        return self.pay({**body, "provider": provider, "number": number})

    def shown(self, trade: Trade) -> Json:
        """A trade as the control surface tells it, with what went back of it."""
        refunds = self.book.refunds_of(trade)
        by_state = {
            state: sum(each.amount for each in refunds if each.state is state) for state in RefundState
        }
        return {
            "provider": trade.provider,
            "number": trade.number,
            "state": trade.state,
            "opened": trade.opened,
            "amount": trade.amount,
            "currency": trade.currency,
            "expires_at": shown(trade.expires_at) if trade.expires_at else None,
            "transaction": trade.transaction,
            "paid_amount": trade.paid_amount,
            "paid_currency": trade.paid_currency,
            "paid_at": _moment(trade.paid_at),
            "told": self._told_of(trade),
            "refunded": by_state[RefundState.SUCCEEDED],
            "refunding": by_state[RefundState.PROCESSING],
            "refundable": self.book.left_of(trade),
            "refunds": [self.refund_shown(each) for each in refunds],
            "disputes": [self._dispute_shown(each) for each in self.book.disputes_of(trade)],
        }

    def refund_shown(self, refund: Refund) -> Json:
        """A refund as the control surface tells it."""
        return {
            "provider": refund.provider,
            "number": refund.number,
            "refund_id": refund.refund_id,
            "trade": self.book.trades[refund.trade_key].number,
            "amount": refund.amount,
            "currency": refund.currency,
            "state": refund.state,
            "word": refund.word,
            "made_at": _moment(refund.made_at),
            "succeeded_at": _moment(refund.succeeded_at),
            "failed_at": _moment(refund.failed_at),
            "told": self._told_of(refund),
        }

    def _dispute_shown(self, dispute: Dispute) -> Json:
        return {
            "dispute_id": dispute.ident,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason": dispute.reason,
            "state": dispute.state,
            "made_at": _moment(dispute.made_at),
            "closed_at": _moment(dispute.closed_at),
            "told": self._told_of(dispute),
        }

    def _told_of(self, subject: Trade | Refund | Dispute) -> list[Json]:
        return [
            {
                "event_id": each.event_id,
                "happened": each.happened,
                "due_at": shown(each.due_at),
                "tries": [{"at": shown(one["at"]), "said": one["said"]} for one in each.tries],
                "done": each.done,
            }
            for each in self.book.told_of(subject)
        ]

    def _refunds(self, body: Json) -> Json:
        with self.book.lock:
            self.book.settle()
            found = self.book.refunds_of_number(str(body["number"]), body.get("provider"))
            return {"refunds": [self.refund_shown(each) for each in found]}

    def _refund(self, number: str, provider: str | None) -> Refund:
        """The refund with a shop's number: the newest, where the provider has several."""
        found = self.book.refunds_of_number(number, provider)
        if not found:
            raise ValueError(f"no refund {number}: nobody has asked for it, or it was not taken")
        if len({each.provider for each in found}) > 1:
            raise ValueError(f"{number} is a refund of several providers: name one")
        return found[-1]

    def _trade(self, body: Json) -> Trade:
        """The trade that a shopper means: by what the device was given, or by its number."""
        if isinstance(qr := body.get("qr"), str):
            for provider, start in ((WECHATPAY, WECHATPAY_QR), (ALIPAY, ALIPAY_QR)):
                found = (
                    self.book.of_handle(provider, qr.removeprefix(start)) if qr.startswith(start) else None
                )
                if found is not None:
                    return found
            raise ValueError("this code leads nowhere")
        if isinstance(secret := body.get("client_secret"), str):
            if (intent := self.book.of_handle(STRIPE, secret)) is None:
                raise ValueError("this client_secret is none")
            return intent
        if isinstance(params := body.get("params"), dict):
            return self.wechatpay.of_params({name: str(value) for name, value in params.items()})
        number = body.get("number")
        if not isinstance(number, str):
            raise ValueError("a trade is named by its qr, its params, its client_secret or its number")
        matching = self.book.of_number(number, body.get("provider"))
        if not matching:
            raise ValueError(
                f"no trade {number}: nobody has asked for it, or the shopper has not opened it yet"
            )
        if len({trade.provider for trade in matching}) > 1:
            raise ValueError(f"{number} is a trade of several providers: name one")
        return matching[-1]

    def _come(self, trade: Trade) -> None:
        if trade.provider == ALIPAY:
            self.alipay.scanned(trade)

    def _check(self, trade: Trade, plan: Plan) -> None:
        if plan.currency and trade.provider == ALIPAY:
            raise ValueError("Alipay tells no currency")

    def _told(self, trade: Trade, happened: Happened) -> None:
        """Have told what has happened, as the shopper's plan says."""
        if trade.plan.lost:
            return
        is_paid = happened is Happened.PAID
        due_at = (trade.paid_at or 0) + trade.plan.late_seconds if is_paid else self.book.now()
        first = self._tell(trade, happened, None, due_at)
        if first is not None and trade.plan.twice and is_paid:
            self._tell(trade, happened, first.event_id, due_at)

    def _tell(
        self, trade: Trade, happened: Happened, event_id: str | None, due_at: float
    ) -> Notification | None:
        dialect = self.dialects[trade.provider]
        content = dialect.told(trade, happened)
        url = self.stripe.webhook() if trade.provider == STRIPE else trade.notify_url
        if content is None or not url:
            return None
        notification = Notification(
            ident=word(20),
            event_id=event_id or dialect.event_id(),
            provider=trade.provider,
            trade=trade.ident,
            happened=happened,
            content=content,
            url=url,
            due_at=due_at,
            happened_at=(trade.paid_at or due_at) if happened is Happened.PAID else self.book.now(),
        )
        self.book.tell(notification)
        return notification

    def _told_back(self, of: Refund | Dispute, happened: Happened) -> None:
        """Have told what has happened to a refund or a dispute, as was said of it."""
        telling = of.plan if isinstance(of, Refund) else of.telling
        if telling.lost:
            return
        at = self.book.now()
        if isinstance(of, Refund):
            at = of.failed_at or of.succeeded_at or of.made_at
        for first in self._tell_back(of, happened, at, telling.late_seconds):
            if telling.twice:
                self._tell_again(first, first.due_at)

    def _tell_back(
        self, of: Refund | Dispute, happened: Happened, at: float, late_seconds: float = 0.0
    ) -> list[Notification]:
        trade = self.book.trades[of.trade_key]
        dialect = self.dialects[of.provider]
        url = {
            WECHATPAY: of.notify_url if isinstance(of, Refund) else "",
            ALIPAY: trade.notify_url,
            STRIPE: self.stripe.webhook(),
        }[of.provider]
        if not url:
            return []
        told = [
            Notification(
                ident=word(20),
                event_id=dialect.event_id(),
                provider=of.provider,
                trade=of.trade,
                of=of.ident,
                happened=happened,
                content=content,
                url=url,
                due_at=at + late_seconds,
                happened_at=at,
            )
            for content in dialect.told_back(of, happened)
        ]
        for each in told:
            self.book.tell(each)
        return told

    def _tell_again(self, notification: Notification, due_at: float) -> Notification:
        """The same, once more."""
        again = replace(notification, ident=word(20), due_at=due_at, tries=[], done=None)
        self.book.tell(again)
        return again

    def _rotated(self, body: Json) -> Json:
        kind = str(body["key"])
        with self.book.lock:
            try:
                self.keys.rotate(kind)
            except KeyError:
                raise ValueError(f"there is no key {kind!r}") from None
            if self.keys_file is not None:
                self.keys.write(self.keys_file)
        return {"rotated": kind}


def _moment(at: float | None) -> str | None:
    return None if at is None else shown(at)


def _dispute_state(name: object) -> DisputeState:
    if name not in set(DisputeState):
        raise ValueError(f"becomes is one of {', '.join(DisputeState)}")
    return DisputeState(str(name))


def _check_word(name: object, provider: str | None) -> None:
    """Make sure that a provider calls a refund so that fails."""
    known = [each for of, words in WORDS.items() if provider in (None, of) for each in words]
    if name is not None and (provider is None or name not in known):
        says = f"is {' or '.join(known)}" if provider and known else "is a word of one provider's"
        raise ValueError(f"word {says}")
