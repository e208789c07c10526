"""What staff did: nobody may change it, and in `prod` it is copied out of everybody's reach (K7)."""

import json
from typing import Any

import pytest

from functions.platform.trail import RECORD_KEPT_DAYS
from tests.infra.conftest import Template, resources
from tests.infra.test_rights import by_role, functions
from tests.support.rights import Right

WRITES = ("UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete")


def on_audit(template: Template) -> dict[str, set[str]]:
    """Return what each function may do with the table's rows, by name, of those that may something."""
    granted = by_role(template)
    found = {
        name: {
            right.action.removeprefix("dynamodb:")
            for right in granted[role]
            if right.resource == "Audit" or right.resource.startswith("Audit/index/")
        }
        for name, role in functions(template).items()
    }
    return {name: actions for name, actions in found.items() if actions}


def test_K7_who_serves_staff_may_put_records_and_nothing_else_and_who_shows_them_may_only_read(
    template: Template,
) -> None:
    apis = {name for name in functions(template) if name.endswith("Api")} - {"DocumentsApi", "AuditApi"}
    assert len(apis) == 8
    assert on_audit(template) == {
        **{name: {"PutItem"} for name in apis},
        "AuditApi": {"BatchGetItem", "Query"},
    }


def test_K7_no_role_at_all_may_change_or_delete_a_record(template: Template) -> None:
    for role, rights in by_role(template).items():
        for action in WRITES:
            assert Right(f"dynamodb:{action}", "Audit") not in rights, role
        assert not [right for right in rights if right.action.startswith("dynamodb:") and "*" in right.action]


def test_K7_the_table_lets_go_of_rows_by_their_time_and_no_other_table_does(template: Template) -> None:
    for name, table in resources(template, "AWS::DynamoDB::Table").items():
        expires = {"AttributeName": "expires_at", "Enabled": True} if name.startswith("Audit") else None
        assert table.get("TimeToLiveSpecification") == expires, name


@pytest.fixture
def prod(templates: dict[str, Template]) -> Template:
    """The template of `prod`."""
    return templates["prod"]


def archive(template: Template) -> dict[str, Any]:
    """Return the bucket of records."""
    (bucket,) = (
        each
        for name, each in resources(template, "AWS::S3::Bucket").items()
        if name.startswith("AuditRecords")
    )
    return bucket


def test_K7_the_archive_is_locked_versioned_encrypted_and_private_and_asks_for_tls(prod: Template) -> None:
    bucket = archive(prod)
    assert bucket["ObjectLockEnabled"] is True
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention == {"Mode": "COMPLIANCE", "Days": RECORD_KEPT_DAYS}
    assert RECORD_KEPT_DAYS >= 3 * 365
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert bucket["PublicAccessBlockConfiguration"] == dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] > RECORD_KEPT_DAYS
    (policy,) = (
        each["PolicyDocument"]["Statement"]
        for name, each in resources(prod, "AWS::S3::BucketPolicy").items()
        if name.startswith("AuditRecords")
    )
    (statement,) = policy
    assert (statement["Effect"], statement["Condition"]) == (
        "Deny",
        {"Bool": {"aws:SecureTransport": "false"}},
    )


def test_K7_the_archive_outlives_its_stack(prod: Template) -> None:
    (found,) = (
        each
        for name, each in prod["Resources"].items()
        if each["Type"] == "AWS::S3::Bucket" and name.startswith("AuditRecords")
    )
    assert found["DeletionPolicy"] == found["UpdateReplacePolicy"] == "Retain"


def test_K7_one_function_adds_to_the_archive_and_can_do_nothing_else_there_or_anywhere(
    prod: Template,
) -> None:
    rights = by_role(prod)[functions(prod)["AuditArchive"]]
    assert {right for right in rights if right.action.startswith("s3:")} == {
        Right("s3:PutObject", "AuditRecords/records/*")
    }
    others = {
        name: rights
        for name, role in functions(prod).items()
        if name != "AuditArchive"
        for rights in [by_role(prod)[role]]
        if any("AuditRecords" in right.resource for right in rights)
    }
    assert others == {}


def test_K7_the_archives_reader_hears_of_new_and_changed_records_and_of_no_address(prod: Template) -> None:
    (mapping,) = (
        each
        for each in resources(prod, "AWS::Lambda::EventSourceMapping").values()
        if "AuditArchive" in json.dumps(each["FunctionName"])
    )
    (pattern,) = (json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"])
    assert pattern == {
        "eventName": ["INSERT", "MODIFY"],
        "dynamodb": {"NewImage": {"item": {"S": ["RECORD"]}}},
    }
    assert mapping["BisectBatchOnFunctionError"] is True
    assert mapping["DestinationConfig"]["OnFailure"]


def test_K7_an_alarm_tells_of_what_could_not_be_archived_and_of_an_archive_that_is_behind(
    prod: Template,
) -> None:
    said = [each["AlarmDescription"] for each in resources(prod, "AWS::CloudWatch::Alarm").values()]
    assert [text for text in said if "AuditToArchive" in text and "failures.md" in text]
    assert [text for text in said if "AuditToArchive" in text and "behind.md" in text]


@pytest.mark.parametrize("name", ["dev", "local"])
def test_K7_no_other_stage_has_an_archive(templates: dict[str, Template], name: str) -> None:
    assert "AuditRecords" not in json.dumps(templates[name])
    assert "AuditArchive" not in functions(templates[name])
