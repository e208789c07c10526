#!/bin/sh
# Powertools for AWS Lambda: a return type changes what a Decimal becomes in an answer.
#
# Good guess: an annotation describes an answer, it does not change it; and an answer that is sent is JSON.
# What happens: with validation on, Decimal("1.10") leaves a route without a return type as the number 1.1, and one
# with `-> dict` or a model as the text "1.10": a client that reads one breaks on the other. A NaN goes out bare,
# which is no JSON (RFC 8259), and status 200.
# What we do: no Decimal and no float leaves a handler; money is integer fen.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   aws-lambda-powertools 3.37.0
#   /bare 200 {"price":1.1}
#   /annotated 200 {"price":"1.10"}
#   /model 200 {"price":"1.10"}
#   /nan 200 {"price":NaN}
set -eu

packages="aws-lambda-powertools[all]==3.37.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from decimal import Decimal
from importlib.metadata import version

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel

app = APIGatewayHttpResolver(enable_validation=True)


class Price(BaseModel):
    price: Decimal


@app.get("/bare")
def bare():
    return {"price": Decimal("1.10")}


@app.get("/annotated")
def annotated() -> dict[str, Decimal]:
    return {"price": Decimal("1.10")}


@app.get("/model")
def model() -> Price:
    return Price(price=Decimal("1.10"))


@app.get("/nan")
def nan() -> dict[str, float]:
    return {"price": float("nan")}


def get(path):
    http = {"method": "GET", "path": path}
    context = {"http": http, "stage": "$default"}
    return app.resolve({"version": "2.0", "rawPath": path, "headers": {}, "requestContext": context}, {})


print("aws-lambda-powertools", version("aws-lambda-powertools"))
for path in ("/bare", "/annotated", "/model", "/nan"):
    answer = get(path)
    print(path, answer["statusCode"], answer["body"])
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
