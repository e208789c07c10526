"""The words in which ``tests/contexts`` says which function may do what, and how a policy is read in them.

A right is an action and the resource that it is for, called as the stack's constructs are: ``Orders``,
``Orders/index/due``, ``Orders/stream``, ``PointsWorkTasks``. A function is called as it calls itself in logs.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

ANY = "*"
JOB_FAILURES = "JobFailures"
USER_POOL = "IdentityUserPool"
BUS = "Bus"
API = "ApiHttpApi"
_HASH = re.compile(r"[0-9A-F]{8}$")
_SETS_ASIDE = ("SendMessage", "GetQueueAttributes", "GetQueueUrl")
"""What a function needs of a queue that Lambda puts there what it could not process."""


class Right(NamedTuple):
    """An action on a resource."""

    action: str
    resource: str


Rights = frozenset[Right]


def of(service: str, resource: str, *actions: str) -> Rights:
    """Return the rights to do these actions of a service."""
    return frozenset(Right(f"{service}:{action}", resource) for action in actions)


def rows(table: str, *actions: str, indexes: Iterable[str] = ()) -> Rights:
    """Return the rights to do these actions on a table's rows, and to query these of its indexes."""
    found = of("dynamodb", table, *actions)
    return found.union(*(of("dynamodb", f"{table}/index/{index}", "Query") for index in indexes))


def reads_stream(table: str, failures: str) -> Rights:
    """Return what a reader of a table's stream needs, with the queue for what it cannot process."""
    return (
        of("dynamodb", f"{table}/stream", "DescribeStream", "GetRecords", "GetShardIterator")
        | of("dynamodb", ANY, "ListStreams")
        | of("sqs", failures, *_SETS_ASIDE)
    )


def publishes() -> Rights:
    """Return what a function needs that puts events on the bus."""
    return of("events", BUS, "PutEvents")


def started_by_a_schedule() -> Rights:
    """Return what a function needs that a schedule starts, with the queue for what keeps failing."""
    return of("sqs", JOB_FAILURES, *_SETS_ASIDE)


def puts_tasks(work: str) -> Rights:
    """Return what a function needs that puts tasks on a queue."""
    return of("sqs", f"{work}Tasks", "SendMessage")


def works_off(work: str) -> Rights:
    """Return what a worker of a queue's tasks needs; it may put tasks too."""
    takes = ("ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility")
    return puts_tasks(work) | of("sqs", f"{work}Tasks", *takes, "GetQueueAttributes", "GetQueueUrl")


def reads_phone_key() -> Rights:
    """Return what a function needs that hashes phones."""
    return of("secretsmanager", "PhoneKey", "GetSecretValue")


def reads_payment_keys(use: str) -> Rights:
    """Return what a function needs that has to do with payment providers: all their keys for this use."""
    names = (f"Payments{provider}{use}" for provider in ("Wechatpay", "Alipay", "Stripe"))
    return frozenset().union(*(of("secretsmanager", name, "GetSecretValue") for name in names))


def keeps_statements() -> Rights:
    """Return what a function needs that puts statements into their bucket and reads them there (Y8)."""
    on_all = ("GetObject", "GetObjectVersion", "PutObject", "AbortMultipartUpload")
    return of("s3", "Statements", "ListBucket") | of("s3", "Statements/statements/*", *on_all)


def starts(*functions: str) -> Rights:
    """Return the right to start these functions."""
    return frozenset().union(*(of("lambda", name, "InvokeFunction") for name in functions))


def records_staff() -> Rights:
    """Return what a function needs that serves staff: to put records of what they do, and no more (K7)."""
    return rows("Audit", "PutItem")


def adds_records() -> Rights:
    """Return what a function needs that copies records to their bucket (K7)."""
    return of("s3", "AuditRecords/records/*", "PutObject")


def schedule_rights(function: str) -> Rights:
    """Return all that a schedule of a function may do."""
    return (
        of("lambda", function, "InvokeFunction")
        | of("lambda", f"{function}:*", "InvokeFunction")
        | of("sqs", JOB_FAILURES, "SendMessage")
    )


def trust_in(service: str) -> dict[str, Any]:
    """Return who takes a role on, in a statement: only this service of AWS."""
    return {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": f"{service}.amazonaws.com"},
    }


def construct(logical_id: str) -> str:
    """Return what a resource's construct is called: its logical id without the hash."""
    return _HASH.sub("", logical_id)


def stated(policy: Mapping[str, Any], called: Callable[[Any], str]) -> Rights:
    """Return the rights that a policy gives; ``called`` says what a resource of it is called.

    Only plain statements are understood: what allows all but something, or under a condition, is an error.
    """
    found: set[Right] = set()
    for statement in policy["Statement"]:
        plain = statement.keys() <= {"Sid", "Effect", "Action", "Resource"} and statement["Effect"] == "Allow"
        assert plain, f"more than a plain permission: {statement}"
        for action in listed(statement["Action"]):
            found |= {Right(action, called(resource)) for resource in listed(statement["Resource"])}
    return frozenset(found)


def listed(value: Any) -> list[Any]:
    """Return what a policy gives as one or as a list."""
    return value if isinstance(value, list) else [value]


def differences(found: Mapping[str, Rights], wanted: Mapping[str, Rights]) -> list[str]:
    """Return what somebody may do too much, or too little, in words."""
    said: list[str] = []
    for name in sorted(found.keys() | wanted.keys()):
        has, needs = found.get(name, frozenset()), wanted.get(name, frozenset())
        said += [f"{name} may {action} on {resource}" for action, resource in sorted(has - needs)]
        said += [f"{name} may not {action} on {resource}" for action, resource in sorted(needs - has)]
        if (name in found) is not (name in wanted):
            said.append(f"{name} is {'not in the table' if name in found else 'not in the stack'}")
    return said
