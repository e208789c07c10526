"""Publishing pages: what browsers are told of each file, in which order files come, what goes when (K5)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from ops.errors import OpsError
from ops.pages import CONFIG, RELEASES, config, publish
from ops.stack import Stack
from tests.support import tiny_page
from tests.support.aws import mocked

BUCKET = "console-files"
REGION = "us-east-1"
OUTPUTS = {
    "ApiUrl": "https://a.example",
    "SignInUrl": "https://s.example",
    "TokenIssuer": f"https://cognito-idp.{REGION}.amazonaws.com/{REGION}_Pool",
    "UserPoolId": f"{REGION}_Pool",
    "ConsoleClientId": "client",
    "ConsoleUrl": "https://console.example",
    "ConsoleBucketName": BUCKET,
}


class Recorded(Stack):
    """A stack with these outputs, whose calls of S3 are written down."""

    def __init__(self, outputs: dict[str, str]) -> None:
        self.name = "memberday-prod"
        self.aws = self  # type: ignore[assignment]
        self.s3 = boto3.client("s3", region_name=REGION)
        self.calls: list[tuple[str, str]] = []
        self._outputs = outputs
        for operation in ("PutObject", "DeleteObjects"):
            self.s3.meta.events.register(f"provide-client-params.s3.{operation}", self._write_down)

    def client(self, service: str) -> Any:
        """Return the one client there is."""
        assert service == "s3"
        return self.s3

    def outputs(self) -> dict[str, str]:
        """Return what it was made with."""
        return self._outputs

    def _write_down(self, params: dict[str, Any], model: Any, **_: object) -> None:
        keys = [params["Key"]] if "Key" in params else [each["Key"] for each in params["Delete"]["Objects"]]
        self.calls += [(model.name, key) for key in keys]

    def told(self, key: str) -> tuple[str, str]:
        """Return the kind and the keeping of an object."""
        found = self.s3.head_object(Bucket=BUCKET, Key=key)
        return found["ContentType"], found["CacheControl"]

    def there(self) -> set[str]:
        """Return the names of all objects."""
        return {each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])}


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorded]:
    """A stack with an empty bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mocked():
        stack = Recorded(OUTPUTS)
        stack.s3.create_bucket(Bucket=BUCKET)
        yield stack


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """An app that has been built."""
    return tiny_page.build(tmp_path / "dist")


def test_K5_each_file_is_told_what_it_is_and_only_what_has_its_contents_in_its_name_is_kept(
    stack: Recorded, dist: Path
) -> None:
    publish(stack, "console", dist, "Asia/Shanghai")
    year = "public, max-age=31536000, immutable"
    assert stack.told("assets/app-1.js") == ("text/javascript; charset=utf-8", year)
    assert stack.told("assets/app-1.css") == ("text/css; charset=utf-8", year)
    assert stack.told("index.html") == ("text/html; charset=utf-8", "no-cache")
    assert stack.told(CONFIG) == ("application/json", "no-cache")


def test_K5_an_app_is_told_where_everything_is_and_no_secret(stack: Recorded, dist: Path) -> None:
    publish(stack, "console", dist, "Asia/Shanghai")
    told = json.loads(stack.s3.get_object(Bucket=BUCKET, Key=CONFIG)["Body"].read())
    assert told == {
        "api": "https://a.example",
        "sign_in": "https://s.example",
        "issuer": OUTPUTS["TokenIssuer"],
        "client_id": "client",
        "region": REGION,
        "stage": "prod",
        "zone": "Asia/Shanghai",
        "tiers": [],
    }


def test_K5_an_app_is_told_what_only_this_deployment_has_beside_the_rest(stack: Recorded, dist: Path) -> None:
    publish(stack, "console", dist, "Asia/Shanghai", ("J0", "J1"), {"till": "http://127.0.0.1:1"})
    told = json.loads(stack.s3.get_object(Bucket=BUCKET, Key=CONFIG)["Body"].read())
    assert told == {**config(stack, "console", "Asia/Shanghai", ("J0", "J1")), "till": "http://127.0.0.1:1"}


def test_K5_what_is_loaded_is_there_before_the_page_that_loads_it(stack: Recorded, dist: Path) -> None:
    publish(stack, "console", dist, "Asia/Shanghai")
    put = [key for name, key in stack.calls if name == "PutObject"]
    assert put[-3:] == [CONFIG, "index.html", RELEASES]
    assert set(put[:-3]) == {"assets/app-1.js", "assets/app-1.css"}, "and no map of a script"


def test_K5_a_repeat_puts_nothing(stack: Recorded, dist: Path) -> None:
    publish(stack, "console", dist, "Asia/Shanghai")
    stack.calls.clear()
    again = publish(stack, "console", dist, "Asia/Shanghai")
    assert (again.put, again.deleted, stack.calls) == ((), (), [])


def test_K5_a_file_of_before_stays_for_one_release_and_goes_after_the_page_of_the_next_is_up(
    stack: Recorded, dist: Path
) -> None:
    def build(number: int) -> None:
        for file in (dist / "assets").iterdir():
            file.unlink()
        (dist / "assets" / f"app-{number}.js").write_text(f"{number}")
        (dist / "index.html").write_text(f"<script src=/assets/app-{number}.js></script>")
        stack.calls.clear()

    build(1)
    publish(stack, "console", dist, "Asia/Shanghai")
    build(2)
    assert publish(stack, "console", dist, "Asia/Shanghai").deleted == ()
    publish(stack, "console", dist, "Asia/Shanghai")  # a repeat is no release
    assert {"assets/app-1.js", "assets/app-2.js"} <= stack.there(), "who has the page open loads on"
    build(3)
    assert publish(stack, "console", dist, "Asia/Shanghai").deleted == ("assets/app-1.js",)
    assert stack.calls[-1] == ("DeleteObjects", "assets/app-1.js")
    assert stack.there() == {"assets/app-2.js", "assets/app-3.js", "index.html", CONFIG, RELEASES}


def test_K5_a_page_whose_upload_broke_off_is_the_old_one_and_the_same_again_goes_on(
    stack: Recorded, dist: Path
) -> None:
    publish(stack, "console", dist, "Asia/Shanghai")
    (dist / "index.html").write_text("new")
    (dist / "assets" / "app-2.js").write_text("new")

    def lost(params: dict[str, Any], **_: object) -> None:
        if params["Key"] == "index.html":
            raise ConnectionError

    stack.s3.meta.events.register_first("provide-client-params.s3.PutObject", lost)
    with pytest.raises(ConnectionError):
        publish(stack, "console", dist, "Asia/Shanghai")
    assert b"Tiny" in stack.s3.get_object(Bucket=BUCKET, Key="index.html")["Body"].read()
    stack.s3.meta.events.unregister("provide-client-params.s3.PutObject", lost)
    assert publish(stack, "console", dist, "Asia/Shanghai").put == ("index.html", RELEASES)


def test_K5_what_no_browser_would_be_told_the_kind_of_stops_it_before_anything_is_put(
    stack: Recorded, dist: Path
) -> None:
    (dist / "notes.docx").write_text("x")
    with pytest.raises(OpsError, match=r"notes\.docx"):
        publish(stack, "console", dist, "Asia/Shanghai")
    assert stack.there() == set()


def test_K5_what_has_not_been_built_says_how_to(stack: Recorded, tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="make web"):
        publish(stack, "console", tmp_path, "Asia/Shanghai")


def test_K1_the_pages_are_told_the_tiers_of_the_policy(stack: Recorded) -> None:
    assert config(stack, "console", "Asia/Shanghai", ["J0", "J1"])["tiers"] == ["J0", "J1"]


def test_K5_a_stack_of_before_there_were_pages_is_told_apart(stack: Recorded) -> None:
    with pytest.raises(OpsError, match="StorefrontClientId: deploy it first"):
        config(stack, "storefront", "Asia/Shanghai")
