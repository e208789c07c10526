#!/bin/sh
# moto's DynamoDB: a batch may hold an item twice, and an index key of the wrong type.
#
# Good guess: a test on moto fails where DynamoDB refuses with ValidationException.
# What happens: BatchWriteItem with one item twice, which DynamoDB refuses as a whole ("Provided list of item keys
# contains duplicates"), is taken, and the last one stays; so is a number where an index is keyed by text ("Type
# mismatch for Index Key"). The test is green, and production answers 400.
# What we do: stores are tested on an emulator that refuses both.
#
# Seen on 2026-11-28, with Python 3.11, twice:
#   moto 5.2.5
#   one item twice in a batch: taken
#   what stays: {'N': '2'}
#   a number in a text index: taken
set -eu

packages="moto[dynamodb]==5.2.5 boto3==1.43.106"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check $packages
venv/bin/python - >seen <<'PYTHON'
from importlib.metadata import version

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

print("moto", version("moto"))
with mock_aws():
    dynamodb = boto3.client(
        "dynamodb", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    dynamodb.create_table(
        TableName="table",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "by")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by-text",
                "KeySchema": [{"AttributeName": "by", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )

    def told(call, **arguments):
        try:
            call(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "taken"

    puts = [{"PutRequest": {"Item": {"id": {"S": "a"}, "n": {"N": number}}}} for number in "12"]
    print("one item twice in a batch:", told(dynamodb.batch_write_item, RequestItems={"table": puts}))
    print("what stays:", dynamodb.get_item(TableName="table", Key={"id": {"S": "a"}})["Item"]["n"])
    number = {"id": {"S": "b"}, "by": {"N": "1"}}
    print("a number in a text index:", told(dynamodb.put_item, TableName="table", Item=number))
PYTHON
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
