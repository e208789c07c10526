"""What the console and the storefront are deployed with: files, distributions, headers, clients (K5)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.constructs.pages import LEAD_HOME
from tests.infra.conftest import ROOT, Template, only, resources, synthesise

APPS = ("Console", "Storefront")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {api} {sign_in}; form-action {sign_in}; frame-ancestors 'none'; base-uri 'none'"
)


def of(template: Template, kind: str, app: str) -> tuple[str, dict[str, Any]]:
    """Return the one resource of a kind that an app has, with its logical id."""
    (found,) = [each for each in resources(template, kind).items() if each[0].startswith(f"Pages{app}")]
    return found


def client(template: Template, app: str) -> dict[str, Any]:
    """Return the client by which people sign in at an app."""
    (found,) = [
        each
        for name, each in resources(template, "AWS::Cognito::UserPoolClient").items()
        if name.startswith(f"IdentityUserPool{app}Client")
    ]
    return found


def written(value: Any) -> str:
    """Return what a template joins, with the names of what it refers to in braces."""
    match value:
        case str():
            return value
        case {"Ref": name}:
            return f"{{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"{{{name}.{attribute}}}"
        case {"Fn::Join": [between, parts]}:
            return str(between).join(written(each) for each in parts)
        case {"Fn::Select": [number, {"Fn::Split": [at, whole]}]}:
            return f"{{{written(whole)} by {at}: {number}}}"
    raise AssertionError(value)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_K5_an_apps_files_are_private_encrypted_and_read_by_its_distribution_alone(
    templates: dict[str, Template], name: str, app: str
) -> None:
    template = templates[name]
    bucket_id, bucket = of(template, "AWS::S3::Bucket", app)
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert ("VersioningConfiguration" in bucket) is (name == "prod")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule.get("NoncurrentVersionExpiration") == ({"NoncurrentDays": 90} if name == "prod" else None)
    assert template["Resources"][bucket_id]["DeletionPolicy"] == ("Retain" if name == "prod" else "Delete")
    _, policy = of(template, "AWS::S3::BucketPolicy", app)
    distribution_id, _ = of(template, "AWS::CloudFront::Distribution", app)
    allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    denied = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Deny"]
    (read,) = allowed
    assert (read["Action"], read["Principal"]) == ("s3:GetObject", {"Service": "cloudfront.amazonaws.com"})
    source = written(read["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert source.endswith(f":distribution/{{{distribution_id}}}")
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    assert [each["Condition"] for each in denied] == ([] if name == "local" else [plain])


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_K5_an_app_is_served_by_tls_compressed_with_the_headers_on_every_path(
    templates: dict[str, Template], name: str, app: str
) -> None:
    template = templates[name]
    bucket_id, _ = of(template, "AWS::S3::Bucket", app)
    access_id, access = of(template, "AWS::CloudFront::OriginAccessControl", app)
    _, distribution = of(template, "AWS::CloudFront::Distribution", app)
    told = distribution["DistributionConfig"]
    assert (told["HttpVersion"], told["IPV6Enabled"], told["Enabled"]) == ("http2and3", True, True)
    (source,) = told["Origins"]
    assert source["OriginAccessControlId"] == {"Fn::GetAtt": [access_id, "Id"]}
    assert source["DomainName"] == {"Fn::GetAtt": [bucket_id, "RegionalDomainName"]}
    signing = access["OriginAccessControlConfig"]
    assert (signing["SigningBehavior"], signing["SigningProtocol"]) == ("always", "sigv4")
    (assets,) = told["CacheBehaviors"]
    pages = told["DefaultCacheBehavior"]
    assert assets["PathPattern"] == "/assets/*"
    (headers,) = resources(template, "AWS::CloudFront::ResponseHeadersPolicy")
    (cached,) = resources(template, "AWS::CloudFront::CachePolicy")
    for behavior in (assets, pages):
        assert behavior["ViewerProtocolPolicy"] == ("allow-all" if name == "local" else "redirect-to-https")
        assert behavior["Compress"] is True
        assert behavior["AllowedMethods"] == ["GET", "HEAD"]
        assert behavior["ResponseHeadersPolicyId"] == {"Ref": headers}
        assert behavior["CachePolicyId"] == {"Ref": cached}
    (lead_home,) = resources(template, "AWS::CloudFront::Function")
    (associated,) = pages["FunctionAssociations"]
    assert associated == {
        "EventType": "viewer-request",
        "FunctionARN": {"Fn::GetAtt": [lead_home, "FunctionARN"]},
    }
    assert not assets["FunctionAssociations"]
    assert "CustomErrorResponses" not in told, "a file that is not there is none"


def test_K5_what_is_kept_is_kept_as_long_as_the_object_says(template: Template) -> None:
    told = only(template, "AWS::CloudFront::CachePolicy")["CachePolicyConfig"]
    assert (told["MinTTL"], told["DefaultTTL"], told["MaxTTL"]) == (0, 0, 365 * 24 * 3_600)
    key = told["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["EnableAcceptEncodingBrotli"] is key["EnableAcceptEncodingGzip"] is True
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}, "a code in an address is no key"
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_K5_the_headers_are_the_policy_of_the_page_and_no_other(
    templates: dict[str, Template], name: str
) -> None:
    template = templates[name]
    told = only(template, "AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]
    security = told["SecurityHeadersConfig"]
    assert all(each["Override"] for each in security.values())
    (api,) = resources(template, "AWS::ApiGatewayV2::Api")
    (domain,) = resources(template, "AWS::Cognito::UserPoolDomain")
    at = "{AWS::Region}"
    addresses = {
        "api": f"https://{{{api}}}.execute-api.{at}.{{AWS::URLSuffix}}",
        "sign_in": f"https://{{{domain}}}.auth.{at}.amazoncognito.com",
    }
    if name == "local":
        addresses = dict.fromkeys(addresses, "http://127.0.0.1:4566")
    policy = written(security["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    assert policy == POLICY.format(**addresses)
    assert "unsafe" not in policy
    hsts = security["StrictTransportSecurity"]
    assert (hsts["AccessControlMaxAgeSec"], hsts["IncludeSubdomains"]) == (63_072_000, True)
    assert security["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    assert security["FrameOptions"]["FrameOption"] == "DENY"
    assert "ContentTypeOptions" in security
    others = {each["Header"]: each["Value"] for each in told["CustomHeadersConfig"]["Items"]}
    assert others.keys() == {
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy",
        "Permissions-Policy",
    }
    assert others["Cross-Origin-Opener-Policy"] == others["Cross-Origin-Resource-Policy"] == "same-origin"
    assert all(each.endswith("=()") for each in others["Permissions-Policy"].split(", "))


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_K5_people_sign_in_at_an_app_by_a_code_alone_and_come_back_to_it_alone(
    templates: dict[str, Template], name: str, app: str
) -> None:
    template = templates[name]
    signs_in = client(template, app)
    assert signs_in["AllowedOAuthFlows"] == ["code"]
    assert signs_in["AllowedOAuthScopes"] == ["openid"]
    assert signs_in["GenerateSecret"] is False
    assert signs_in["ExplicitAuthFlows"] == ["ALLOW_CUSTOM_AUTH"], "neither passwords nor refreshing"
    assert signs_in["SupportedIdentityProviders"] == ["COGNITO"]
    assert signs_in["PreventUserExistenceErrors"] == "ENABLED"
    assert signs_in["EnableTokenRevocation"] is True
    assert set(signs_in["TokenValidityUnits"].values()) == {"minutes"}
    minutes = {"Console": 10, "Storefront": 60}[app]
    assert signs_in["AccessTokenValidity"] == signs_in["IdTokenValidity"] == minutes
    assert signs_in["RefreshTokenValidity"] == 60, "Cognito takes no less"
    own = written(template["Outputs"][f"{app}Url"]["Value"])
    assert [written(each) for each in signs_in["CallbackURLs"]] == [f"{own}/callback"]
    assert [written(each) for each in signs_in["LogoutURLs"]] == [f"{own}/"]


@pytest.mark.parametrize("app", APPS)
def test_K5_an_app_is_where_its_own_distribution_is(templates: dict[str, Template], app: str) -> None:
    for name, template in templates.items():
        distribution, _ = of(template, "AWS::CloudFront::Distribution", app)
        domain = f"{{{distribution}.DomainName}}"
        port = "{http://127.0.0.1:4566 by :: 2}"
        local = f"http://{{{domain} by .: 0}}.cloudfront.localhost:{port}"
        expected = local if name == "local" else f"https://{domain}"
        assert written(template["Outputs"][f"{app}Url"]["Value"]) == expected


def test_K5_the_two_apps_share_no_client_no_files_and_no_origin(template: Template) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::CloudFront::Distribution"):
        assert of(template, kind, "Console")[0] != of(template, kind, "Storefront")[0]
    outputs = {name: json.dumps(each["Value"]) for name, each in template["Outputs"].items()}
    for what in ("Url", "ClientId", "BucketName", "DistributionId"):
        assert outputs[f"Console{what}"] != outputs[f"Storefront{what}"]


def test_K5_the_api_is_opened_to_the_two_pages_alone(template: Template) -> None:
    assert "CorsConfiguration" not in only(template, "AWS::ApiGatewayV2::Api"), "two would write it"
    opening = only(template, "Custom::OpenToPages")
    (api,) = resources(template, "AWS::ApiGatewayV2::Api")
    assert opening["ApiId"] == {"Ref": api}
    both = ",".join(written(template["Outputs"][f"{app}Url"]["Value"]) for app in APPS)
    assert written(opening["Pages"]) == both
    assert opening["Others"] == []
    assert int(opening["ServiceTimeout"]) <= 120, "CloudFormation would wait for an hour"


def test_K5_it_is_opened_to_the_origins_that_are_named_besides(tmp_path: Path) -> None:
    template = synthesise({"stage": "prod", "cors": "https://a.example,https://b.example:8443"}, tmp_path)
    assert only(template, "Custom::OpenToPages")["Others"] == ["https://a.example", "https://b.example:8443"]


@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_K5_the_pool_of_prod_asks_for_a_second_factor_before_it_gives_a_token(
    templates: dict[str, Template], name: str
) -> None:
    pool = only(templates[name], "AWS::Cognito::UserPool")
    assert pool["MfaConfiguration"] == "OPTIONAL", "shoppers may do without"
    if name != "prod":
        assert "LambdaConfig" not in pool
        return
    functions = resources(templates[name], "AWS::Lambda::Function")
    asked = functions[pool["LambdaConfig"]["PreTokenGeneration"]["Fn::GetAtt"][0]]
    assert asked["Handler"] == "functions.pages.sign_in.handler"
    assert asked["Timeout"] <= 5, "Cognito waits no longer"
    (permission,) = [
        each
        for each in resources(templates[name], "AWS::Lambda::Permission").values()
        if each["Principal"] == "cognito-idp.amazonaws.com"
    ]
    assert permission["SourceArn"]["Fn::GetAtt"][0] in resources(templates[name], "AWS::Cognito::UserPool")


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/", "/index.html"),
        ("/callback", "/index.html"),
        ("/orders/o-1", "/index.html"),
        ("/orders/", "/index.html"),
        ("/v1.2/orders", "/index.html"),
        ("/config.json", "/config.json"),
        ("/favicon.svg", "/favicon.svg"),
        ("/a/b.js", "/a/b.js"),
    ],
)
def test_K5_what_is_no_file_is_drawn_by_the_one_document(path: str, served: str) -> None:
    event = {"request": {"uri": path, "headers": {}}}
    script = f"{LEAD_HOME}\nconsole.log(handler({json.dumps(event)}).uri)"
    node = ROOT / ".venv" / "bin" / "node"
    told = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True)  # noqa: S603
    assert told.stdout.strip() == served
