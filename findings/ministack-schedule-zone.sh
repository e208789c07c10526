#!/bin/sh
# MiniStack's EventBridge Scheduler: a schedule's time zone is kept and not heeded.
#
# Good guess: what CreateSchedule takes, and GetSchedule gives back, is when the schedule runs.
# What happens: the time of a cron expression is read as UTC, whatever ScheduleExpressionTimezone says, so that 04:00 in
# Shanghai comes at noon; a zone that does not exist is taken as well. Of two schedules for the same minute, one written
# in UTC and one in Asia/Shanghai, only the first runs. (Takes a minute or two.)
# What we do: the local cloud reckons by itself when a schedule is due (local/turns.py).
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   ministack 1.5.33
#   kept: UTC Asia/Shanghai
#   ran in that minute: ['UTC']
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
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from zoneinfo import ZoneInfo

import boto3

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


try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    sqs, scheduler = client("sqs"), client("scheduler")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    # The emulator counts from its first look, which it has within ten seconds: two minutes ahead is enough.
    moment = datetime.now(timezone.utc) + timedelta(minutes=2)

    def schedule(zone):
        there = moment.astimezone(ZoneInfo(zone))
        name = zone.replace("/", "-")
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"cron({there.minute} {there.hour} * * ? *)",
            ScheduleExpressionTimezone=zone,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": "arn:aws:iam::000000000000:role/r", "Input": zone},
        )
        return scheduler.get_schedule(Name=name)["ScheduleExpressionTimezone"]

    print("ministack", version("ministack"))
    print("kept:", schedule("UTC"), schedule("Asia/Shanghai"))
    came, ends = set(), time.monotonic() + 160
    while time.monotonic() < ends:
        for message in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages", []):
            came.add(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        if came and datetime.now(timezone.utc) > moment + timedelta(seconds=25):
            break
    print("ran in that minute:", sorted(came))
finally:
    server.terminate()
    server.wait()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
