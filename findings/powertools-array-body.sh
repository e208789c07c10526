#!/bin/sh
# Powertools for AWS Lambda: an array is taken for a body of one object, and its first element used.
#
# Good guess: a handler whose body is one pydantic model answers 422 to an array, as pydantic itself refuses it.
# What happens: the array is taken, its first element is the body, and the others are dropped in silence: who sends two
# orders at once gets 200 for one.
# What we do: our HTTP face refuses a body that is no object before Powertools sees it.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   aws-lambda-powertools 3.37.0
#   {"sku": "a"} -> 200 {"ordered":"a"}
#   [{"sku": "a"}, {"sku": "b"}] -> 200 {"ordered":"a"}
#   "a" -> 422
#   pydantic itself: model_type
set -eu

packages="aws-lambda-powertools[all]==3.37.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import json
from importlib.metadata import version

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic import BaseModel, ValidationError

app = APIGatewayHttpResolver(enable_validation=True)


class Order(BaseModel):
    sku: str


@app.post("/orders")
def place(order: Order) -> dict[str, str]:
    return {"ordered": order.sku}


def post(value):
    http = {"method": "POST", "path": "/orders"}
    event = {
        "version": "2.0",
        "rawPath": "/orders",
        "headers": {"content-type": "application/json"},
        "requestContext": {"http": http, "stage": "$default"},
        "body": json.dumps(value),
    }
    return app.resolve(event, {})


print("aws-lambda-powertools", version("aws-lambda-powertools"))
for value in ({"sku": "a"}, [{"sku": "a"}, {"sku": "b"}], "a"):
    answer = post(value)
    said = answer["body"] if answer["statusCode"] == 200 else ""
    print(f"{json.dumps(value)} -> {answer['statusCode']} {said}".rstrip())
try:
    Order.model_validate([{"sku": "a"}])
except ValidationError as error:
    print("pydantic itself:", error.errors()[0]["type"])
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
