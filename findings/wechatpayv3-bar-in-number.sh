#!/bin/sh
# wechatpayv3: a refund whose number holds a bar can be made, and is then not found.
#
# Good guess: WeChat Pay allows digits, letters and _ - | * @ in a merchant's number of a refund, so that whatever number
# refund() was given can be given to query_refund() too.
# What happens: refund() puts the number into the body. query_refund() puts it into the path, which is signed as it was put
# together, and sent by requests, which writes the bar as %7C. What was signed is not what arrives, and who checks what
# arrived answers 401: the money has gone, and the refund cannot be asked for. Order numbers go the same way in query() and
# close(). The other characters are sent as they are.
# What we do: our numbers are letters, digits and underscores, and a 401 is no answer about a refund or an order.
#
# Seen on 2026-11-29, with Python 3.11, twice:
#   wechatpayv3 2.0.4 requests 2.34.2
#   R_1: refund 200, query_refund 200, arrived as R_1
#   R-1: refund 200, query_refund 200, arrived as R-1
#   R*1: refund 200, query_refund 200, arrived as R*1
#   R@1: refund 200, query_refund 200, arrived as R@1
#   R|1: refund 200, query_refund 401, arrived as R%7C1
set -eu

packages="wechatpayv3==2.0.4 requests==2.34.2 cryptography==50.0.2"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import re
import time
from base64 import b64decode, b64encode
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from threading import Thread

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from wechatpayv3 import WeChatPay, WeChatPayType

PLATFORM_ID = "PUB_KEY_ID_0100000000000000000001"
shop, platform = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
paths = []


class Gateway(BaseHTTPRequestHandler):
    """Checks the shop's signature over what arrived, and signs its own answers."""

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        paths.append(self.path)
        sent = dict(re.findall(r'(\w+)="([^"]*)"', self.headers["Authorization"]))
        signed = f"{self.command}\n{self.path}\n{sent['timestamp']}\n{sent['nonce_str']}\n{body}\n"
        status, text = 200, '{"status":"SUCCESS"}'
        try:
            shop.public_key().verify(b64decode(sent["signature"]), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            status, text = 401, '{"code":"SIGN_ERROR"}'
        at, nonce = str(int(time.time())), "0123456789abcdef"
        signature = platform.sign(f"{at}\n{nonce}\n{text}\n".encode(), padding.PKCS1v15(), hashes.SHA256())
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Wechatpay-Timestamp", at)
        self.send_header("Wechatpay-Nonce", nonce)
        self.send_header("Wechatpay-Serial", PLATFORM_ID)
        self.send_header("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048")
        self.send_header("Wechatpay-Signature", b64encode(signature).decode())
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Gateway)
Thread(target=server.serve_forever, daemon=True).start()
pem = serialization.Encoding.PEM
client = WeChatPay(
    wechatpay_type=WeChatPayType.NATIVE,
    mchid="1900000001",
    private_key=shop.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode(),
    cert_serial_no="0A",
    appid="wx0000000000000001",
    apiv3_key="k" * 32,
    public_key=platform.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
    public_key_id=PLATFORM_ID,
    timeout=(5, 5),
)
client._core._gate_way = f"http://127.0.0.1:{server.server_port}"  # the library has no setting for it

print("wechatpayv3", version("wechatpayv3"), "requests", version("requests"))
for character in "_-*@|":
    number = f"R{character}1"
    amount = {"refund": 100, "total": 100, "currency": "CNY"}
    made, _ = client.refund(out_refund_no=number, transaction_id="4200000000000000000000000001", amount=amount)
    found, _ = client.query_refund(out_refund_no=number)
    print(f"{number}: refund {made}, query_refund {found}, arrived as {paths[-1].rpartition('/')[2]}")
server.shutdown()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
