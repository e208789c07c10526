#!/bin/sh
# MiniStack's DynamoDB: an item that was put under the number 10.0 is not found under 10.0.
#
# Good guess: numbers are compared as numbers, so that 10 and 10.0 are one key, as DynamoDB documents and does.
# What happens: a put writes its key as 10, a get and an update look for 10.0: the one finds nothing, the other makes
# a second item, which then has the key of the first.
# What we do: no key of ours is a number.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   ministack 1.5.33
#   put under 10.0, found under 10.0: False
#   keys after an update of 10.0: ['10', '10']
set -eu

packages="ministack==1.5.33 boto3==1.43.106"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import os
import socket
import subprocess
import time
import urllib.request
from importlib.metadata import version

import boto3

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
url = f"http://127.0.0.1:{port}"
settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
with open("log", "wb") as log:
    server = subprocess.Popen(["venv/bin/ministack"], env={**os.environ, **settings}, stdout=log, stderr=log)
try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    dynamodb = boto3.client(
        "dynamodb", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    print("ministack", version("ministack"))
    written = {"id": {"N": "10.0"}}
    dynamodb.put_item(TableName="table", Item=written)
    print("put under 10.0, found under 10.0:", "Item" in dynamodb.get_item(TableName="table", Key=written))
    dynamodb.update_item(
        TableName="table",
        Key=written,
        UpdateExpression="SET seen = :seen",
        ExpressionAttributeValues={":seen": {"BOOL": True}},
    )
    items = dynamodb.scan(TableName="table")["Items"]
    print("keys after an update of 10.0:", sorted(item["id"]["N"] for item in items))
finally:
    server.terminate()
    server.wait()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
