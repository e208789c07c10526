"""The bundle is complete by itself and holds nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore import xform_name

from functions.domain import policy as policies
from functions.payments.providers import directory
from infra import bundle, carried
from infra.bundle import HOST, LAMBDA_ARM64, Bundle
from local import faketime
from tests.infra.conftest import ROOT, Template, resources

IMPORT = """
import importlib, sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv[1]]
for handler in sys.argv[2:]:
    module, _, name = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), name)), handler
outside = [
    file for file in (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    if file and "site-packages" in file
]
assert not outside, outside
"""
BUILD = """
import sys
from pathlib import Path
from infra import bundle
bundle.BUILD, bundle.DOCUMENT, libraries = map(Path, sys.argv[1:])
bundle._libraries = lambda *_: libraries
bundle.documents(bundle.HOST)
"""
ENVIRONMENT = {
    "ORDERS_TABLE": "orders",
    "MEMBERS_TABLE": "members",
    "CATALOG_TABLE": "catalog",
    "REPORTS_TABLE": "reports",
    "PAYMENTS_TABLE": "payments",
    "CASES_TABLE": "cases",
    "AUDIT_TABLE": "audit",
    "WORK_QUEUE_URL": "queue",
}
MIB = 1 << 20
PAYMENTS_MIB_MAX = 40
"""With three SDKs and two libraries of ciphers, one of which alone has 14 MiB."""
BUNDLE_MIB_MAX = 12
"""Z6: without bytecode, which doubles it where the runtime's interpreter is at hand to compile it ahead."""
ARCHIVE_MIB_MAX = 13
"""What it asks S3 by alone has one; nobody waits for it to start."""
WITH_API = {
    "functions.aftersales.api",
    "functions.audit.api",
    "functions.checkout.api",
    "functions.coupons.api",
    "functions.operations.api",
    "functions.points.api",
    "functions.privacy.api",
}
WITH_API |= {"functions.payments.api", "functions.tiers.api"}
KINDS = ["of all", "of payments"]
PROVIDERS = {
    "PAYMENT_PROVIDERS": "wechatpay,alipay,stripe",
    "PAYMENT_SECRETS": "memberday/dev/payments",
    "PAYMENTS_URL": "https://api.example/payments",
    "PAYMENTS_RETURN_URL": "",
}
STATEMENTS = {"STATEMENTS_BUCKET": "statements"}
ARCHIVE = {"AUDIT_ARCHIVE": "archive"}
POOL = {"USER_POOL_ID": "pool"}
STACK = {"STACK_NAME": "memberday-dev"}
PHONE_KEY = {"PHONE_KEY_SECRET": "key"}
DOCUMENTS = "functions.documents.api.handler"
ARCHIVER = "functions.audit.stream"


@pytest.fixture(scope="module")
def host() -> Bundle:
    """The bundle for this machine."""
    return bundle.build(HOST)


@pytest.fixture(scope="module")
def copyist() -> Bundle:
    """The bundle of what copies records of staff, for this machine."""
    return bundle.archive(HOST)


@pytest.fixture(scope="module")
def cashier() -> Bundle:
    """The bundle of payments for this machine."""
    return bundle.payments(HOST)


def test_every_handler_imports_from_the_bundle_alone(host: Bundle, dev: Template) -> None:
    handlers = [function["Handler"] for function in resources(dev, "AWS::Lambda::Function").values()]
    assert handlers
    handlers.remove(DOCUMENTS)  # has a bundle of its own, as those of payments have
    result = run(IMPORT, str(host.folder), *(each for each in handlers if not of_payments(each)))
    assert result.returncode == 0, result.stderr


def test_Y1_every_handler_of_payments_imports_from_its_bundle_alone(cashier: Bundle, dev: Template) -> None:
    handlers = [function["Handler"] for function in resources(dev, "AWS::Lambda::Function").values()]
    handlers = [each for each in handlers if of_payments(each)]
    assert len(handlers) == 6
    result = run(IMPORT, str(cashier.folder), *handlers)
    assert result.returncode == 0, result.stderr


def test_K7_what_copies_records_imports_from_its_bundle_alone(copyist: Bundle) -> None:
    result = run(IMPORT, str(copyist.folder), f"{ARCHIVER}.handler")
    assert result.returncode == 0, result.stderr


def test_Y1_every_adapter_with_its_sdk_imports_from_the_bundle_of_payments_alone(cashier: Bundle) -> None:
    adapters = [f"functions.payments.providers.{name}" for name in directory.NAMES]
    names = [f"{adapter}.{role}" for adapter in adapters for role in ("Sending", "Receiving")]
    result = run(IMPORT, str(cashier.folder), *names)
    assert result.returncode == 0, result.stderr


SIGN = r"""
import sys
sys.path.append(sys.argv[1])
import json, time, hashlib, hmac
from Cryptodome.PublicKey import RSA
from alipay import AliPay
key = RSA.generate(2048)
private, public = key.export_key().decode(), key.public_key().export_key().decode()
alipay = AliPay(
    appid="1", app_notify_url=None, app_private_key_string=private, alipay_public_key_string=public
)
assert alipay.verify({"a": "1"}, alipay._sign("a=1"))
assert not alipay.verify({"a": "2"}, alipay._sign("a=1"))
from wechatpayv3.utils import rsa_sign, rsa_verify, load_private_key, load_public_key
signed = rsa_sign(load_private_key(key.export_key(pkcs=8).decode()), "1\n2\n3\n")
assert rsa_verify("1", "2", "3", signed, load_public_key(public))
assert not rsa_verify("1", "2", "4", signed, load_public_key(public))
import stripe
charge = {"id": "ch_1", "object": "charge", "refunds": {"object": "list", "data": []}}
method = {"id": "pm_1", "object": "payment_method"}
told = {"id": "pi_1", "object": "payment_intent", "latest_charge": charge, "payment_method": method}
told = {"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": told}}
event = json.dumps(told)
at = int(time.time())
mac = hmac.new(b"whsec_x", f"{at}.{event}".encode(), hashlib.sha256).hexdigest()
read = stripe.Webhook.construct_event(event.encode(), f"t={at},v1={mac}", "whsec_x").data.object
assert type(read).__name__ == "PaymentIntent" and type(read.latest_charge).__name__ == "Charge"
stripe.StripeClient("sk_test_x").v1.payment_intents
files = [getattr(each, "__file__", None) or "" for each in sys.modules.values()]
outside = [each for each in files if "site-packages" in each]
assert not outside, outside
assert "cffi" not in sys.modules
"""


def test_Y1_what_is_left_of_the_sdks_signs_checks_and_reads(cashier: Bundle) -> None:
    """With keys made on the spot; what our adapters make of it is tested with them."""
    result = run(SIGN, str(cashier.folder))
    assert result.returncode == 0, result.stderr


def test_Y1_no_function_but_those_of_payments_has_an_sdk_of_a_provider(host: Bundle) -> None:
    there = {each.name for each in host.folder.iterdir()}
    assert not there & {"stripe", "alipay", "wechatpayv3", "Cryptodome", "cryptography", "requests"}


def test_Z6_a_worker_starts_without_pydantic_and_nothing_starts_with_the_resolver(
    host: Bundle, cashier: Bundle, copyist: Bundle
) -> None:
    tell = "\n".join(
        (
            "import importlib, sys; sys.path.append(sys.argv[1]); importlib.import_module(sys.argv[2])",
            "known = {'pydantic', 'aws_lambda_powertools.event_handler', 'boto3', 'phonenumbers', 'borax'}",
            "known |= {'stripe', 'alipay', 'wechatpayv3'}",  # each is imported when its provider is asked for
            "print(*sorted(known & set(sys.modules)))",
        )
    )
    modules = handler_modules()
    assert set(modules) > WITH_API
    for module in modules:
        other = copyist if module == ARCHIVER else host
        result = run(tell, str((cashier if of_payments(module) else other).folder), module)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == (["pydantic"] if module in WITH_API else []), module


@pytest.mark.parametrize(
    ("build", "mib_max"),
    [
        (bundle.build, BUNDLE_MIB_MAX),
        (bundle.archive, ARCHIVE_MIB_MAX),
        (bundle.payments, PAYMENTS_MIB_MAX),
    ],
    ids=["of all", "of the archive", "of payments"],
)
@pytest.mark.parametrize("platform", [HOST, LAMBDA_ARM64], ids=lambda platform: platform.name)
def test_Z6_the_bundle_is_small(
    platform: bundle.Platform, build: Callable[[bundle.Platform], Bundle], mib_max: int
) -> None:
    files = [file for file in build(platform).folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    assert sum(file.stat().st_size for file in files) <= mib_max * MIB


def test_Z6_the_bundle_has_every_operation_of_aws_that_is_called_and_no_other(host: Bundle) -> None:
    found = {
        (service, xform_name(operation))
        for service in carried.SERVICES
        for model in (host.folder / "botocore" / "data" / service).rglob("service-2.json")
        for operation in json.loads(model.read_text(encoding="utf-8"))["operations"]
    }
    assert {
        ("cognito-idp", "admin_delete_user"),
        ("cognito-idp", "list_users"),
        ("dynamodb", "batch_get_item"),
        ("dynamodb", "transact_write_items"),
        ("events", "put_events"),
        ("secretsmanager", "get_secret_value"),
        ("sqs", "send_message"),
    } <= found
    asked = carried.called(bundle.SOURCES.rglob("*.py"))
    assert {operation for _, operation in found} <= asked


def test_Z6_every_client_that_a_function_makes_has_its_model_in_the_bundle() -> None:
    text = "\n".join(file.read_text(encoding="utf-8") for file in bundle.SOURCES.rglob("*.py"))
    found = set(re.findall(r'sdk\.client\(\s*"([a-z0-9-]+)"', text))
    assert found == set(carried.PAYMENTS_SERVICES)
    bucket = bundle.SOURCES / "platform" / "bucket.py"
    assert 'sdk.client("s3"' in bucket.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "build"), [(bundle.MAIN, bundle.build), (bundle.PAYMENTS, bundle.payments)], ids=KINDS
)
def test_Z6_what_is_carried_keeps_its_licence(
    kind: bundle.Kind, build: Callable[[bundle.Platform], Bundle]
) -> None:
    libraries, folder = bundle.libraries(HOST, kind), build(HOST).folder
    licences = {
        file.relative_to(libraries)
        for info in libraries.glob("*.dist-info")
        if info.name.partition("-")[0] not in carried.NOT_IMPORTED
        for file in info.rglob("*")
        if re.match(r"LICEN[CS]E|NOTICE|COPYING", file.name, re.IGNORECASE)
    }
    assert len(licences) >= 10
    assert {file for file in licences if not (folder / file).exists()} == set()


def tampered(host: Bundle, folder: Path, before: str, after: str) -> Path:
    """Copy the bundle's own code, with the policy that it carries changed; return where to import from."""
    shutil.copytree(host.folder / "functions", folder / "functions")
    carried_policy = folder / "functions" / "domain" / policies.PACKED.name
    text = carried_policy.read_text(encoding="utf-8")
    assert before in text
    carried_policy.write_text(text.replace(before, after), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('"fee_fen": 1000', '"fee_fen": 1', "its checksum is another one"),
        ('"checksum": "', '"checksum": "0', "its checksum is another one"),
        ('{"checksum"', '{"sum"', "is no packed policy"),
        ("}", "", "is no packed policy"),
    ],
)
@pytest.mark.parametrize("module", ["functions.points.stream", "functions.checkout.api"])
def test_a_bundle_with_another_policy_than_was_checked_does_not_start(
    host: Bundle, tmp_path: Path, module: str, before: str, after: str, says: str
) -> None:
    folder = tampered(host, tmp_path, before, after)
    start = "import importlib, sys; sys.path[:0] = sys.argv[1:3]; importlib.import_module(sys.argv[3])"
    result = run(start, str(folder), str(host.folder), module)
    assert result.returncode != 0
    last = result.stderr.splitlines()[-1]
    assert last.startswith("functions.domain.policy.PolicyError: policy.json: ")
    assert says in last


def test_a_bundle_carries_the_policy_that_was_checked_and_its_file_to_be_shown(
    host: Bundle, cashier: Bundle
) -> None:
    domain = host.folder / "functions" / "domain"
    assert (domain / "policy.toml").read_bytes() == policies.FILE.read_bytes()
    assert not (cashier.folder / "functions" / "domain" / "policy.toml").exists()
    assert (domain / "policy.json").read_text(encoding="utf-8") == policies.packed(policies.load())
    assert not policies.PACKED.exists()  # or this project's own functions would start with it


def of_payments(module: str) -> bool:
    """Tell whether a module, or a handler, is one of payments."""
    return module.startswith("functions.payments.")


def handler_modules() -> list[str]:
    """Return the modules of the bundle that hold a handler."""
    return sorted(
        ".".join(file.relative_to(bundle.ROOT).with_suffix("").parts)
        for file in bundle.SOURCES.rglob("*.py")
        if "\nhandler = " in file.read_text(encoding="utf-8")
    )


def run(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run code in an interpreter that knows the standard library only, in a function's environment."""
    environment = (
        ENVIRONMENT
        | POOL
        | PHONE_KEY
        | PROVIDERS
        | STATEMENTS
        | ARCHIVE
        | STACK
        | {
            "AWS_DEFAULT_REGION": "us-east-1",
            "POWERTOOLS_METRICS_NAMESPACE": "memberday",
            "EVENT_BUS_NAME": "membership",
        }
    )
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-I", "-S", "-c", code, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )


@pytest.mark.parametrize(
    ("handler", "missing"),
    [
        *(("functions.points.queue.handler", name) for name in ENVIRONMENT),
        ("functions.privacy.api.handler", *POOL),
        ("functions.tiers.api.handler", *PHONE_KEY),
        ("functions.tiers.queue.handler", *PHONE_KEY),
        *(("functions.payments.api.handler", name) for name in PROVIDERS),
        ("functions.payments.queue.handler", *STATEMENTS),
        ("functions.audit.stream.handler", *ARCHIVE),
        ("functions.operations.queue.handler", *STACK),
        ("functions.payments.notifications.handler", "PAYMENT_SECRETS"),
    ],
)
def test_a_function_without_its_settings_does_not_start_and_names_them(
    host: Bundle, cashier: Bundle, copyist: Bundle, handler: str, missing: str
) -> None:
    other = copyist if handler.startswith(ARCHIVER) else host
    folder = (cashier if of_payments(handler) else other).folder
    command = [sys.executable, "-I", "-S", "-c", IMPORT, str(folder), handler]
    told = ENVIRONMENT | POOL | PHONE_KEY | PROVIDERS | STATEMENTS | ARCHIVE | STACK
    environment = {name: value for name, value in told.items() if name != missing}
    result = subprocess.run(  # noqa: S603 - our own command
        command,
        env=environment | {"AWS_DEFAULT_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert f"SettingsError: {missing}" in result.stderr


@pytest.mark.parametrize(
    ("kind", "build"), [(bundle.MAIN, bundle.build), (bundle.PAYMENTS, bundle.payments)], ids=KINDS
)
@pytest.mark.parametrize("platform", [HOST, LAMBDA_ARM64], ids=lambda platform: platform.name)
def test_the_bundle_holds_the_functions_and_the_locked_dependencies_and_nothing_else(
    platform: bundle.Platform, kind: bundle.Kind, build: Callable[[bundle.Platform], Bundle]
) -> None:
    folder = build(platform).folder
    lock = kind.lock.read_text()
    locked = {
        f"{name}-{version}" for name, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)
    }
    installed = {
        each.name.removesuffix(".dist-info").replace("_", "-").lower() for each in folder.glob("*.dist-info")
    }
    assert installed == {each for each in locked if each.rpartition("-")[0] not in carried.NOT_IMPORTED}
    files = {file.relative_to(folder) for file in (folder / "functions").rglob("*") if file.is_file()}
    sources = {file.relative_to(ROOT) for file in (ROOT / "functions").rglob("*") if file.is_file()}
    without_bytecode = {file for file in files if file.suffix != ".pyc"}
    toml = bundle.POLICY
    left_out = tuple(Path("functions", each) for each in kind.left_out)
    assert all((ROOT / each).exists() for each in left_out)
    sources = {file for file in sources if not any(file.is_relative_to(each) for each in left_out)}
    assert without_bytecode == {file for file in sources if file.suffix != ".pyc"} | {
        toml.with_name("policy.json")
    }
    known = {"functions", "__pycache__"} | _top_levels(bundle.libraries(platform, kind))
    assert {each.name for each in folder.iterdir()} <= known


def test_what_is_imported_only_when_it_is_needed_is_in_the_bundle(host: Bundle) -> None:
    code = f"import sys; sys.path[:0] = [{str(host.folder)!r}]; from functions.tiers import phones; "
    code += "assert phones.e164('138 0013 8000') == '+8613800138000'"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)  # noqa: S603 - our own command


@pytest.mark.parametrize("build", [bundle.build, bundle.payments], ids=KINDS)
def test_the_arm64_bundle_has_libraries_for_that_processor_only(
    build: Callable[[bundle.Platform], Bundle],
) -> None:
    libraries = list(build(LAMBDA_ARM64).folder.rglob("*.so"))
    assert libraries
    machine_aarch64 = 0xB7
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == machine_aarch64
        assert "cpython-314" in library.name or "abi3" in library.name


def test_bytecode_is_used_whatever_date_a_file_has(host: Bundle) -> None:
    compiled = list((host.folder / "functions").rglob("*.pyc"))
    assert compiled
    unchecked_hash = 1
    assert {int.from_bytes(file.read_bytes()[4:8], "little") for file in compiled} == {unchecked_hash}


def test_building_again_builds_nothing(host: Bundle) -> None:
    code = host.folder / "functions"
    before = code.stat()
    assert bundle.build(HOST) == host
    assert (code.stat().st_ino, code.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("platform", [HOST, LAMBDA_ARM64], ids=lambda platform: platform.name)
def test_the_documents_bundle_holds_its_code_and_what_it_serves_and_nothing_else(
    platform: bundle.Platform,
) -> None:
    folder = bundle.documents(platform).folder
    found = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    part = "functions/documents"
    served = ("page.html", "page.js", "swagger-ui.js", "swagger-ui.css", "openapi.json")
    assert {file for file in found if not file.endswith(".pyc")} == {
        "functions/__init__.py",
        f"{part}/__init__.py",
        f"{part}/api.py",
        f"{part}/routes.py",
        *(f"{part}/files/{name}.gz" for name in served),
    }
    assert sum(file.stat().st_size for file in folder.rglob("*.gz")) < 1_000_000


def test_the_documents_handler_imports_from_its_bundle_alone_and_answers() -> None:
    folder = bundle.documents(HOST).folder
    ask = "\n".join(
        (
            "import sys; sys.path.append(sys.argv[1])",
            "from functions.documents.api import handler",
            "for name in (None, 'page.js', 'swagger-ui.js', 'swagger-ui.css', 'openapi.json'):",
            "    event = {'headers': {}, 'pathParameters': name and {'file': name}}",
            "    assert handler(event, None)['statusCode'] == 200, name",
        )
    )
    result = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-I", "-S", "-c", ask, str(folder)],
        env={},
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert result.returncode == 0, result.stderr


class BuildRoom:
    """Builds bundles of different contents, as processes do that deploy different trees."""

    def __init__(self, folder: Path, document: Path, libraries: Path) -> None:
        self._folder = folder
        self._document = document
        self._libraries = libraries

    def build(self, title: str) -> Bundle:
        """Build the bundle of a document, or find it."""
        self._document.write_text(json.dumps({"title": title}), encoding="utf-8")
        return bundle.documents(HOST)

    def build_at(self, seconds: int, title: str) -> None:
        """Do so in a process whose clock is ahead."""
        clock = self._document.with_name("clock")
        clock.write_text(f"+{seconds}\n", encoding="utf-8")
        shifted = faketime.environment(clock)
        if shifted is None:
            pytest.skip("libfaketime cannot be loaded here")
        self._document.write_text(json.dumps({"title": title}), encoding="utf-8")
        subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", BUILD, str(self._folder), str(self._document), str(self._libraries)],
            env=shifted,
            check=True,
            cwd=ROOT,
        )

    def builds(self) -> set[Path]:
        """Return all folders there are."""
        return {each for each in self._folder.iterdir() if each.is_dir()}


@pytest.fixture
def build_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildRoom:
    """A folder of builds of a test's own."""
    libraries = bundle._libraries(bundle.MAIN, HOST)
    monkeypatch.setattr(bundle, "_libraries", lambda *_: libraries)
    monkeypatch.setattr(bundle, "BUILD", tmp_path / "build")
    changed = tmp_path / "openapi.json"
    monkeypatch.setattr(bundle, "DOCUMENT", changed)
    return BuildRoom(tmp_path / "build", changed, libraries)


def _age(folder: Path, seconds: float) -> None:
    then = folder.stat().st_mtime - seconds
    os.utime(folder, (then, then))


def test_the_documents_bundle_is_the_same_until_the_document_changes(build_room: BuildRoom) -> None:
    before = build_room.build("a")
    assert build_room.build("a") == before
    assert build_room.build("b").digest != before.digest


def test_a_bundle_goes_when_nobody_has_asked_for_it_since_long(build_room: BuildRoom) -> None:
    forgotten, asked_for, young = map(build_room.build, ("forgotten", "asked for", "young"))
    _age(forgotten.folder, bundle.KEPT_SECONDS + 1)
    _age(asked_for.folder, bundle.KEPT_SECONDS + 1)
    _age(young.folder, bundle.KEPT_SECONDS - 600)
    assert build_room.build("asked for") == asked_for
    new = build_room.build("new")
    assert build_room.builds() == {asked_for.folder, young.folder, new.folder}


def test_what_a_killed_process_began_goes_too_and_what_is_begun_now_stays(build_room: BuildRoom) -> None:
    build_room.build("first")
    killed, busy = bundle._draft(), bundle._draft()
    _age(killed, bundle.KEPT_SECONDS + 1)
    build_room.build("second")
    assert not killed.exists()
    assert busy.exists()


def test_a_draft_that_another_process_completes_meanwhile_is_in_nobodys_way(build_room: BuildRoom) -> None:
    first = build_room.build("first")
    completed = first.folder.with_name(f"{bundle.DRAFTS}completed")
    completed.symlink_to(first.folder.with_name("nowhere"))  # is listed, and not there when it is looked at
    second = build_room.build("second")
    assert {first.folder, second.folder} <= build_room.builds()


def test_who_lives_at_another_time_removes_nothing_that_others_deploy(build_room: BuildRoom) -> None:
    deployed = build_room.build("deployed")
    build_room.build_at(30 * 24 * 60 * 60, "of a moved clock")
    assert deployed.folder in build_room.builds()
    assert len(build_room.builds()) == 2


def _top_levels(folder: Path) -> set[str]:
    names: set[str] = set()
    for info in folder.glob("*.dist-info"):
        names.add(info.name)
        for line in (info / "RECORD").read_text().splitlines():
            names.add(line.split(",")[0].split("/")[0])
    return names
