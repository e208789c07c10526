#!/bin/sh
# stripe: a failed call is sent three times in the old way of calling, and once by StripeClient, which heeds no global setting.
#
# Good guess: the library's own `max_network_retries` of 2 holds for all calls, so that who moves to StripeClient, as the
# library advises, keeps the retries; and setting the global sets it for both.
# What happens: `stripe.PaymentIntent.create` is tried three times in all, under one idempotency key. A StripeClient that is not
# told otherwise tries once, and does not look at `stripe.max_network_retries`, neither its default nor what one sets there.
# What we do: whoever makes a client names the retries, and sends an idempotency key that was kept before the first try.
#
# Seen on 2026-11-29, with Python 3.11, twice:
#   stripe 16.1.0
#   stripe.max_network_retries is 2: PaymentIntent.create 3 calls, 1 key; StripeClient 1 call, 1 key
#   stripe.max_network_retries is 1: PaymentIntent.create 2 calls, 1 key; StripeClient 1 call, 1 key
#   StripeClient(max_network_retries=1): 2 calls, 1 key
set -eu

packages="stripe==16.1.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import stripe

keys = []


class Gateway(BaseHTTPRequestHandler):
    """Answers every call with a passing error of its own."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        keys.append(self.headers["Idempotency-Key"])
        body = b'{"error": {"type": "api_error"}}'
        self.send_response(500)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def calls(create):
    keys.clear()
    try:
        create()
    except stripe.APIError:
        pass
    return f"{len(keys)} call{'s' if len(keys) > 1 else ''}, {len(set(keys))} key"


server = HTTPServer(("127.0.0.1", 0), Gateway)
Thread(target=server.serve_forever, daemon=True).start()
stripe.enable_telemetry = False  # else it puts a file into the home folder
stripe.api_key = "sk_test_none"
stripe.api_base = f"http://127.0.0.1:{server.server_port}"
intent = {"amount": 100, "currency": "cny"}


def client(**settings):
    return stripe.StripeClient("sk_test_none", base_addresses={"api": stripe.api_base}, **settings)


print("stripe", stripe.VERSION)
for retries in (stripe.max_network_retries, 1):
    stripe.max_network_retries = retries
    old = calls(lambda: stripe.PaymentIntent.create(**intent))
    new = calls(lambda: client().v1.payment_intents.create(intent))
    print(f"stripe.max_network_retries is {retries}: PaymentIntent.create {old}; StripeClient {new}")
print("StripeClient(max_network_retries=1):", calls(lambda: client(max_network_retries=1).v1.payment_intents.create(intent)))
server.shutdown()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
