"""What cdk-nag's rules of AwsSolutions find, and why some of it stays; any other finding stops the synthesis.

Each acknowledgement is put on the one construct that it is about, and names what was found there.
"""

import json
from collections.abc import Iterable
from typing import cast

from aws_cdk import Acknowledgment, App, CfnElement, Stack, Validations
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from cdk_nag import AwsSolutionsChecks
from constructs import IConstruct

from functions import contexts
from functions.audit.tables import FOLDER
from infra.constructs.archive import Archive
from infra.constructs.function import ProgrammeFunction
from infra.constructs.identity import Identity
from infra.constructs.membership_api import PREFLIGHT
from infra.constructs.pages import PageFiles, Site
from infra.constructs.payment_secret import PaymentSecret
from infra.constructs.phone_key import PhoneKey
from infra.constructs.queues import FailureQueue
from infra.constructs.statements import Statements
from infra.constructs.subscription import Subscription
from infra.constructs.work_queue import TaskQueue
from infra.stage import DOCUMENTS

LISTING = (
    "X-Ray's PutTraceSegments and PutTelemetryRecords take no resource, they only write traces; nor does "
    "DynamoDB's ListStreams, which only shows names. CloudWatch's DescribeAlarms takes none where alarms are "
    "asked for by the beginning of their names; it shows what alarms say, which is no secret."
)
VERSIONS = "A schedule may start any version of its one function: CDK's grant covers `arn` and `arn:*`."
FAILURES = "This is where failures of a stream's reader or a schedule end; an alarm says when something does."
PREFLIGHTS = "A browser asks without a token whether it may ask; the answer says nothing but CORS headers."
DOCUMENT = (
    "A browser opens the page of the API's document without a token; it shows what the repository shows, "
    "its function has no right to any table, and only dev has it."
)
NO_ROTATION = (
    "The key is what stored hashes of phones were made with: a new one finds nobody until all members are "
    "indexed again, which an operator does when the key may be known."
)
NO_MFA = (
    "Shoppers may use a second factor and staff should; to demand one of every shopper would cost the shop "
    "orders. Who works for the shop gets no token in production without one (K5)."
)
NO_THREAT_PROTECTION = (
    "Cognito's threat protection is a paid plan per active user, for the shop to choose; passwords have "
    "twelve characters of four kinds, and Cognito locks out who guesses."
)
NOTIFICATIONS = (
    "A payment provider has no token of ours: the function checks the signature before all else, and may put "
    "a row and nothing more. The route is throttled, and the function's concurrency is bounded."
)
PROVIDERS_KEYS = (
    "Keys are made and changed at the payment provider, so that nothing here can turn them by itself: a "
    "secret holds two at a time, and whoever gets a new one puts it in."
)
NO_ACCESS_LOG = (
    "One function reads the statements, and its own log says which; who puts one there by hand is in "
    "CloudTrail, for the shop to record the events of data."
)
PAGES_READ = (
    "The distribution alone reads the files, which are the same for everybody; who puts one there is in "
    "CloudTrail, for the shop to record the events of data."
)
NO_VISITORS_LOG = (
    "A log of a distribution keeps the addresses of all who look at the pages; what they do is asked of the "
    "API, whose access log says it without."
)
DEFAULT_CERTIFICATE = (
    "Under CloudFront's own name its own certificate is served, whose oldest protocol nobody can set; a shop "
    "that brings a name brings a certificate, and sets it then. Browsers of today agree on TLS 1.3."
)
EVERYWHERE = "A shop decides itself where it sells; whoever may not call the API sees pages without contents."
NO_FIREWALL = (
    "There is nothing behind the pages but files, which CloudFront keeps; what can be attacked is the API, "
    "which is throttled and checks everything."
)
ON_LOOPBACK = "The local cloud speaks HTTP, on loopback only; on AWS a policy refuses what is not TLS."
EVERY_STATEMENT = "One function puts the statements of all days into their bucket, and reads them there."
EVERY_RECORD = "One function puts the records of all days into their bucket, and can do nothing else there."
NO_LOG_OF_ARCHIVE = (
    "One function puts objects there, which nobody can change or delete; who reads them is in CloudTrail, "
    "for the shop to record the events of data."
)
OF_PAGES = {
    "AwsSolutions-CFR1": EVERYWHERE,
    "AwsSolutions-CFR2": NO_FIREWALL,
    "AwsSolutions-CFR3": NO_VISITORS_LOG,
    "AwsSolutions-CFR4": DEFAULT_CERTIFICATE,
}
RECONCILES = "PaymentsWorker"
ARCHIVES = "AuditArchive"
PUBLIC = {
    route: DOCUMENT if function == DOCUMENTS else NOTIFICATIONS
    for function, served in contexts.public_routes().items()
    for route in served
}
ANY_RESOURCE = "AwsSolutions-IAM5[Resource::*]"
SCHEDULER_ROLE = "SchedulerRoleForTarget"


def check(app: App, stacks: Iterable[Stack]) -> None:
    """Let the synthesis of an app fail for whatever AwsSolutions finds and is not acknowledged here."""
    for stack in stacks:
        _acknowledge_all(stack)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))


def _acknowledge_all(stack: Stack) -> None:
    for each in stack.node.find_all():
        match each:
            case FailureQueue() if not isinstance(each.node.scope, TaskQueue | Subscription):
                _acknowledge(each, "AwsSolutions-SQS3", FAILURES)
            case ProgrammeFunction():
                _acknowledge(cast(iam.Role, each.role), ANY_RESOURCE, LISTING)
                if each.node.id == RECONCILES:
                    for rule in _on_statements(stack):
                        _acknowledge(cast(iam.Role, each.role), rule, EVERY_STATEMENT)
                if each.node.id == ARCHIVES:
                    for rule in _on_archive(stack):
                        _acknowledge(cast(iam.Role, each.role), rule, EVERY_RECORD)
            case Archive():
                _acknowledge(each, "AwsSolutions-S1", NO_LOG_OF_ARCHIVE)
            case apigateway.HttpRoute() if each.node.id == PREFLIGHT:
                _acknowledge(each, "AwsSolutions-APIG4", PREFLIGHTS)
            case apigateway.HttpRoute() if (route := each.node.id.replace("--", "/")) in PUBLIC:
                _acknowledge(each, "AwsSolutions-APIG4", PUBLIC[route])
            case PaymentSecret():
                _acknowledge(each, "AwsSolutions-SMG4", PROVIDERS_KEYS)
            case Statements():
                _acknowledge(each, "AwsSolutions-S1", NO_ACCESS_LOG)
                if each.policy is None:
                    _acknowledge(each, "AwsSolutions-S10", ON_LOOPBACK)
            case PageFiles():
                _acknowledge(each, "AwsSolutions-S1", PAGES_READ)
            case Site():
                for rule, reason in OF_PAGES.items():
                    _acknowledge(each.distribution, rule, reason)
            case PhoneKey():
                _acknowledge(each, "AwsSolutions-SMG4", NO_ROTATION)
            case Identity():
                _acknowledge(each.user_pool, "AwsSolutions-COG2", NO_MFA)
                _acknowledge(each.user_pool, "AwsSolutions-COG8", NO_THREAT_PROTECTION)
            case iam.Role() if each.node.id.startswith(SCHEDULER_ROLE):
                for logical_id in _started_by(each, stack):
                    _acknowledge(each, f"AwsSolutions-IAM5[Resource::<{logical_id}.Arn>:*]", VERSIONS)


def _on_statements(stack: Stack) -> list[str]:
    """Return what is found of a right to all statements, in the stack that has their bucket."""
    return _on_folder(stack, Statements, "statements")


def _on_archive(stack: Stack) -> list[str]:
    """Return what is found of a right to add any record, in the stack that has their bucket."""
    return _on_folder(stack, Archive, FOLDER)


def _on_folder(stack: Stack, kind: type[IConstruct], folder: str) -> list[str]:
    own = [each for each in stack.node.find_all() if isinstance(each, kind)]
    names = [stack.get_logical_id(cast(CfnElement, each.node.default_child)) for each in own]
    return [f"AwsSolutions-IAM5[Resource::<{name}.Arn>/{folder}/*]" for name in names]


def _started_by(role: iam.Role, stack: Stack) -> list[str]:
    """Return the logical ids of the functions that a role may start."""
    policy = cast(iam.Policy, role.node.find_child("DefaultPolicy"))
    rights = json.dumps(stack.resolve(policy.document.to_json()))
    functions = [each for each in stack.node.find_all() if isinstance(each, ProgrammeFunction)]
    logical_ids = [stack.get_logical_id(cast(CfnElement, each.node.default_child)) for each in functions]
    return [each for each in logical_ids if f'"{each}"' in rights]


def _acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    Validations.of(construct).acknowledge(Acknowledgment(id=rule, reason=reason))
