#!/bin/sh
# python-alipay-sdk: an answer with a lone brace in a text is refused as forged, though its signature is right.
#
# Good guess: AliPayValidationError means that an answer was not signed by Alipay. What a shop writes into the title of an
# order is text, and comes back as text.
# What happens: what was signed is cut out of the answer by counting braces, those inside of texts too. One that has no partner
# moves the end: with } too little is checked, with { too much. A shop that sells `Brace } mug` asks for a paid order
# for ever, and each answer looks like an attack. Braces in pairs are fine, and so are quotes and backslashes.
# What we do: the title that we send is made of the order's number, and a refused answer decides nothing: the order is asked
# for again.
#
# Seen on 2026-11-29, with Python 3.11, twice:
#   python-alipay-sdk 3.4.0
#   'mug': TRADE_SUCCESS; signature of the answer: right
#   'Brace {} mug': TRADE_SUCCESS; signature of the answer: right
#   'A "quoted" \\ mug': TRADE_SUCCESS; signature of the answer: right
#   'Brace } mug': AliPayValidationError; signature of the answer: right
#   'Brace { mug': AliPayValidationError; signature of the answer: right
set -eu

packages="python-alipay-sdk==3.4.0 cryptography==50.0.2"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import json
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread

from alipay import AliPay
from alipay.exceptions import AliPayValidationError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

shop, provider = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
pem = serialization.Encoding.PEM
answer = {"title": "", "content": "", "sign": ""}


class Gateway(BaseHTTPRequestHandler):
    """Answers a query with a paid order of this title, signed as Alipay signs: the object, from brace to brace."""

    def do_GET(self):
        order = {"code": "10000", "msg": "Success", "subject": answer["title"], "trade_status": "TRADE_SUCCESS"}
        answer["content"] = json.dumps(order, separators=(",", ":"))
        signature = provider.sign(answer["content"].encode(), padding.PKCS1v15(), hashes.SHA256())
        answer["sign"] = b64encode(signature).decode()
        body = f'{{"alipay_trade_query_response":{answer["content"]},"sign":"{answer["sign"]}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def signature_is_right():
    try:
        signed = answer["content"].encode()
        provider.public_key().verify(b64decode(answer["sign"]), signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "wrong"
    return "right"


server = HTTPServer(("127.0.0.1", 0), Gateway)
Thread(target=server.serve_forever, daemon=True).start()
client = AliPay(
    appid="2021000000000001",
    app_private_key_string=shop.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode(),
    alipay_public_key_string=provider.public_key()
    .public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode(),
)
client._gateway = f"http://127.0.0.1:{server.server_port}/gateway.do"  # the library has no setting for it

print("python-alipay-sdk", version("python-alipay-sdk"))
for title in ("mug", "Brace {} mug", 'A "quoted" \\ mug', "Brace } mug", "Brace { mug"):
    answer["title"] = title
    try:
        says = client.api_alipay_trade_query(out_trade_no="A1")["trade_status"]
    except AliPayValidationError as error:
        says = type(error).__name__
    print(f"{title!r}: {says}; signature of the answer: {signature_is_right()}")
server.shutdown()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
