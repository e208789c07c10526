#!/bin/sh
# MiniStack's CloudFormation: a Ref to a secret is its name, where AWS answers its ARN.
#
# Good guess: Ref of an AWS::SecretsManager::Secret is the ARN, as the resource's page says, so that a policy or a
# function may be handed it.
# What happens: it is the secret's name. GetSecretValue takes both, so that all that reads the secret works; a policy
# whose Resource is that Ref names nothing, and whoever checks policies refuses the reading. The attribute Id is the ARN.
# What we do: the stack asks for the attribute, which is the same in both places (infra/constructs/phone_key.py).
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   ministack 1.5.33
#   Ref is an ARN: False
#   Ref is the name: True
#   the attribute Id is an ARN: True
#   read by the Ref: True
set -eu

packages="ministack==1.5.33 boto3==1.43.106"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
import json
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


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


TEMPLATE = {
    "Resources": {
        "Key": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "lantern", "SecretString": "red"}}
    },
    "Outputs": {
        "Ref": {"Value": {"Ref": "Key"}},
        "Id": {"Value": {"Fn::GetAtt": ["Key", "Id"]}},
    },
}

try:
    for _ in range(300):
        try:
            urllib.request.urlopen(url + "/_ministack/health", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    formation, secrets = client("cloudformation"), client("secretsmanager")
    formation.create_stack(StackName="s", TemplateBody=json.dumps(TEMPLATE))
    formation.get_waiter("stack_create_complete").wait(StackName="s", WaiterConfig={"Delay": 1})
    outputs = formation.describe_stacks(StackName="s")["Stacks"][0]["Outputs"]
    told = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    print("ministack", version("ministack"))
    print("Ref is an ARN:", told["Ref"].startswith("arn:"))
    print("Ref is the name:", told["Ref"] == "lantern")
    print("the attribute Id is an ARN:", told["Id"].startswith("arn:"))
    print("read by the Ref:", secrets.get_secret_value(SecretId=told["Ref"])["SecretString"] == "red")
finally:
    server.terminate()
    server.wait()
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
