#!/bin/sh
# MiniStack's streams: records that a consumer gives back as failed are lost.
#
# Good guess: a mapping with ReportBatchItemFailures delivers again from the first record that its function names, as
# Lambda documents; the emulator keeps the setting and shows it.
# What happens: what the function names is not read. The record is delivered once, the position moves on, and the mapping
# says OK: a test of "it will be tried again" waits for ever, and a fault of a consumer stays unseen.
# What we do: the local cloud makes a failed batch of them, which is delivered again (local/emulator.py).
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   ministack 1.5.33
#   kept: ['ReportBatchItemFailures']
#   deliveries of a record that was given back each time: 1
set -eu

packages="ministack==1.5.33 boto3==1.43.106"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import io
import os
import socket
import subprocess
import time
import urllib.request
import zipfile
from importlib.metadata import version

import boto3

FUNCTION = (
    "def handler(event, context):\n"
    "    failed = event['Records'][0]['dynamodb']['SequenceNumber']\n"
    "    return {'batchItemFailures': [{'itemIdentifier': failed}]}\n"
)
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
url = f"http://127.0.0.1:{port}"
settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
with open("log", "wb") as log:
    server = subprocess.Popen(["venv/bin/ministack"], env={**os.environ, **settings}, stdout=log, stderr=log)


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def deliveries():
    try:
        lines = logs.filter_log_events(logGroupName="/aws/lambda/consumer", filterPattern="START")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return 0
    return len(lines)


try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    dynamodb, functions, logs = client("dynamodb"), client("lambda"), client("logs")
    stream = dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]["LatestStreamArn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("consumer.py", FUNCTION)
    functions.create_function(
        FunctionName="consumer",
        Runtime="python3.13",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="consumer.handler",
        Code={"ZipFile": code.getvalue()},
    )
    mapping = functions.create_event_source_mapping(
        EventSourceArn=stream,
        FunctionName="consumer",
        StartingPosition="TRIM_HORIZON",
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )
    print("ministack", version("ministack"))
    print("kept:", mapping["FunctionResponseTypes"])
    dynamodb.put_item(TableName="table", Item={"id": {"S": "a"}})
    for _ in range(60):
        if deliveries():
            break
        time.sleep(1)
    time.sleep(15)
    print("deliveries of a record that was given back each time:", deliveries())
finally:
    server.terminate()
    server.wait()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
