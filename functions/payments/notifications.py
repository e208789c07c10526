"""HTTP: what providers tell by themselves. Nobody has a token here: the signature says who tells it (Y3).

A notification is checked, kept, and answered as its provider wants it; what becomes of it is another
function's (heard.py). Nothing is read or written before the signature holds.
"""

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from functions.domain.errors import TryAgainError
from functions.payments import metrics
from functions.payments.keys import Keys, KeysError
from functions.payments.providers import directory
from functions.payments.providers.provider import BadNotificationError, Notice, Receiver, Reply
from functions.payments.rows import notice_row
from functions.platform import clock, dynamo
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.observability import flush_metrics, logger
from functions.platform.secure_headers import SECURE_HEADERS
from functions.platform.settings import ProvidersSettings, Settings

RECEIVE = "receive"
BODY_BYTES_MAX = 64 * 1_024
NOT_FOUND = Reply(status=404, body="")
TOO_LARGE = Reply(status=413, body="")
_UNAUTHENTICATED, _UNAVAILABLE = 401, 503


class Notifications:
    """The Lambda handler that takes what providers tell."""

    def __init__(
        self, tables: Tables, table: str, keys: Keys, on: tuple[str, ...], now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._table = table
        self._keys = keys
        self._on = on
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Take one notification (payload format 2.0 of the HTTP API)."""
        logger.set_correlation_id(event["requestContext"].get("requestId"))
        provider = (event.get("pathParameters") or {}).get("provider", "")
        try:
            reply = self._reply(provider, event)
            logger.info("notification", extra={"provider": provider[:20], "status": reply.status})
        finally:
            flush_metrics()
            logger.set_correlation_id(None)
        headers = {**SECURE_HEADERS, "content-type": reply.content_type}
        return {"statusCode": reply.status, "headers": headers, "body": reply.body}

    def _reply(self, provider: str, event: dict[str, Any]) -> Reply:
        if provider not in self._on:
            return NOT_FOUND
        receiver_of = directory.receiver(provider)
        text = event.get("body") or ""
        # Of what is encoded, four signs are three bytes.
        if len(text) > BODY_BYTES_MAX * 4 // 3 + 4:
            return TOO_LARGE
        try:
            body = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
        except (binascii.Error, ValueError):
            return self._refused(provider, receiver_of, "form")
        if len(body) > BODY_BYTES_MAX:
            return TOO_LARGE
        try:
            notice = self._read(provider, event.get("headers") or {}, body)
            row = notice_row(notice, sha256=hashlib.sha256(body).hexdigest(), at=self._now())
            self._tables.put_new(self._table, row)
        except BadNotificationError as bad:
            return self._refused(provider, receiver_of, bad.cause)
        except (KeysError, TryAgainError):
            logger.exception("notification not kept", extra={"provider": provider})
            return receiver_of.refused(_UNAVAILABLE)
        return receiver_of.taken

    def _read(self, provider: str, headers: Mapping[str, str], body: bytes) -> Notice:
        """Return what a notification says; where no key fits, with the keys as they are now (Y1)."""
        receiver_of = directory.receiver(provider)

        def read() -> Notice:
            try:
                receiver: Receiver = receiver_of(self._keys.secret(provider, RECEIVE))
            except ValueError as error:
                raise KeysError(provider) from error
            return receiver.read(headers, body, self._now())

        try:
            return read()
        except BadNotificationError as bad:
            if bad.cause != "signature" or not self._keys.reload(provider, RECEIVE):
                raise
        except KeysError:
            if not self._keys.reload(provider, RECEIVE):
                raise
        return read()

    def _refused(self, provider: str, receiver_of: type[Receiver], cause: str) -> Reply:
        metrics.count(metrics.REFUSED + provider)
        logger.warning("notification refused", extra={"provider": provider, "cause": cause})
        return receiver_of.refused(_UNAUTHENTICATED)


_providers = ProvidersSettings.from_environment()
handler = Notifications(
    Tables(dynamo.client()),
    Settings.from_environment().payments_table,
    Keys.of(_providers.secrets),
    _providers.names,
    clock.now,
)
