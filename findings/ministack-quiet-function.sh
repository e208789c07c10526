#!/bin/sh
# MiniStack's Lambda: a function that prints nothing is answered later than one that prints.
#
# Good guess: to print less is quicker; a warm function that does nothing and logs nothing is the quickest there is.
# What happens: after each invocation of a warm Python function MiniStack looks for what it may still print: until the
# first line for 50 ms, after a line for 5 ms. So a silent function takes five times as long as one that prints a line (55 and
# 10 ms here), and who measures functions on the emulator, or turns their logging off in tests, measures the wait.
# What we do: in the local cloud a worker says when all is printed, and nobody waits (local/printed.py).
#
# Seen on 2026-11-30, with Python 3.11, twice:
#   ministack 1.5.33
#   both answer: ['done'] ['done']
#   the silent one takes more than three times as long: True
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
import json
import os
import socket
import statistics
import subprocess
import time
import urllib.request
import zipfile
from importlib.metadata import version

import boto3

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
url = f"http://127.0.0.1:{port}"
settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}
with open("log", "wb") as log:
    server = subprocess.Popen(["venv/bin/ministack"], env={**os.environ, **settings}, stdout=log, stderr=log)
functions = boto3.client(
    "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
)


def made(name, line):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("module.py", f"def handler(event, context):\n    {line}\n    return 'done'\n")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="module.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name)


def asked(name):
    begun = time.perf_counter()
    answer = json.load(functions.invoke(FunctionName=name, Payload=b"{}")["Payload"])
    return time.perf_counter() - begun, answer


try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    made("silent", "pass")
    made("talks", "print('a line')")
    for name in ("silent", "talks"):
        asked(name)  # the start of its process is no part of this
    seconds, answers = {"silent": [], "talks": []}, {"silent": set(), "talks": set()}
    for _ in range(30):
        for name in ("silent", "talks"):
            took, answer = asked(name)
            seconds[name].append(took)
            answers[name].add(answer)
    silent, talks = (statistics.median(seconds[name]) for name in ("silent", "talks"))
    print("ministack", version("ministack"))
    print("both answer:", sorted(answers["silent"]), sorted(answers["talks"]))
    print("the silent one takes more than three times as long:", silent > 3 * talks)
finally:
    server.terminate()
    server.wait()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
