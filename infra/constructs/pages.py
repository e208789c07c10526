"""The console and the storefront as browsers get them: a bucket each, and a distribution before it (K5)."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.naming import origin_of
from infra.stage import Stage

CONSOLE, STOREFRONT = "console", "storefront"
APPS = (CONSOLE, STOREFRONT)
ASSETS = "/assets/*"
"""What has its own contents in its name."""
REPLACED_KEPT = Duration.days(90)
UNFINISHED_KEPT = Duration.days(1)
KEPT_MAX = Duration.days(365)
COMES_BACK_BY_TLS = Duration.days(730)
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {api} {sign_in}; form-action {sign_in}; frame-ancestors 'none'; base-uri 'none'"
)
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)
"""What neither app asks a browser for, and so no script that got into one may."""
ISOLATION: Mapping[str, str] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
}
LEAD_HOME = """\
function handler(event) {
  var request = event.request;
  if (!request.uri.split('/').pop().includes('.')) {
    request.uri = '/index.html';
  }
  return request;
}
"""
"""What has no dot in its last part is a page of the app, which the one document draws; the rest are files. A
file that is not there stays so, where a page for errors would answer for it as a document."""


class Pages(Construct):
    """Both apps, each under an origin of its own, so that no script of the shop's reaches the staff's."""

    def __init__(
        self, scope: Construct, construct_id: str, *, api_url: str, sign_in_url: str, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        cached = cloudfront.CachePolicy(
            self,
            "Cached",
            comment=f"memberday {stage.name}: as long as each object says, and no longer",
            min_ttl=Duration.seconds(0),
            default_ttl=Duration.seconds(0),
            max_ttl=KEPT_MAX,
            enable_accept_encoding_brotli=True,
            enable_accept_encoding_gzip=True,
        )
        headers = _headers(
            self, CONTENT_POLICY.format(api=_origin(api_url, stage), sign_in=sign_in_url), stage
        )
        lead_home = cloudfront.Function(
            self,
            "LeadHome",
            code=cloudfront.FunctionCode.from_inline(LEAD_HOME),
            runtime=cloudfront.FunctionRuntime.JS_2_0,
            comment=f"memberday {stage.name}: pages are drawn by index.html",
        )
        self.sites = {
            app: Site(
                self, app.title(), app=app, cached=cached, headers=headers, lead_home=lead_home, stage=stage
            )
            for app in APPS
        }

    @property
    def origins(self) -> dict[str, str]:
        """Return where each app is opened, without a path."""
        return {app: site.origin for app, site in self.sites.items()}


class Site(Construct):
    """One app: its files in a bucket that only its distribution reads, behind TLS, with the headers of K5."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        app: str,
        cached: cloudfront.ICachePolicy,
        headers: cloudfront.IResponseHeadersPolicy,
        lead_home: cloudfront.IFunction,
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.files = PageFiles(self, "Files", stage=stage)
        origin = origins.S3BucketOrigin.with_origin_access_control(self.files)
        # The local cloud speaks HTTP, on loopback, and has no certificate to lead anybody to.
        protocol = (
            cloudfront.ViewerProtocolPolicy.ALLOW_ALL
            if stage.local
            else cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS
        )

        def behavior(*functions: cloudfront.FunctionAssociation) -> cloudfront.BehaviorOptions:
            return cloudfront.BehaviorOptions(
                origin=origin,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                cache_policy=cached,
                compress=True,
                function_associations=list(functions),
                response_headers_policy=headers,
                viewer_protocol_policy=protocol,
            )

        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"memberday {stage.name}: {app}",
            default_behavior=behavior(
                cloudfront.FunctionAssociation(
                    event_type=cloudfront.FunctionEventType.VIEWER_REQUEST, function=lead_home
                )
            ),
            additional_behaviors={ASSETS: behavior()},
            enable_ipv6=True,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            price_class=cloudfront.PriceClass.PRICE_CLASS_ALL,
        )
        self.origin = origin_of(self.distribution.distribution_domain_name, stage)


class PageFiles(s3.Bucket):
    """The files of an app, which the operator's command puts there (``python -m ops pages``)."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=not stage.local,  # the local cloud speaks HTTP, on loopback
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=stage.keeps_data,
            removal_policy=stage.removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=REPLACED_KEPT if stage.keeps_data else None,
                    abort_incomplete_multipart_upload_after=UNFINISHED_KEPT,
                )
            ],
        )


def _headers(scope: Construct, content_policy: str, stage: Stage) -> cloudfront.ResponseHeadersPolicy:
    """Return the headers of every answer, whatever the object would say."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "Headers",
        comment=f"memberday {stage.name}: what pages may do (K5)",
        security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
            content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                content_security_policy=content_policy, override=True
            ),
            content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
            frame_options=cloudfront.ResponseHeadersFrameOptions(
                frame_option=cloudfront.HeadersFrameOption.DENY, override=True
            ),
            referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
            ),
            strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                access_control_max_age=COMES_BACK_BY_TLS, include_subdomains=True, override=True
            ),
        ),
        custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
            custom_headers=[
                cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                for name, value in ISOLATION.items()
            ]
        ),
    )


def _origin(url: str, stage: Stage) -> str:
    """Return an address without its path: a policy's path would have to be matched to the letter."""
    if not stage.local:
        return url  # the API's and the sign-in's have none on AWS
    return str(stage.endpoint)
