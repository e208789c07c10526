"""The HTTP API: every route asks the user pool's authorizer first."""

from collections.abc import Sequence

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_authorizers import HttpJwtAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from infra.constructs.identity import Identity
from infra.stage import Stage

REQUESTS_PER_SECOND = 1_000
BURST_REQUESTS = 2_000
EVERY_OTHER = "$default"
"""The route of requests that no other route matches: they get a problem document too."""


class MembershipApi(Construct):
    """An HTTP API whose routes are served by the programme's functions.

    The authorizer lets through whoever holds a token of the pool's clients; what they may do is decided by
    the functions, which alone can tell an access token from an ID token.
    """

    def __init__(self, scope: Construct, construct_id: str, *, identity: Identity, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        clients = [identity.user_client, identity.service_client]
        self.http_api = apigateway.HttpApi(
            self,
            "HttpApi",
            description=f"memberday {stage.name}",
            create_default_stage=False,
            default_authorizer=HttpJwtAuthorizer(
                "Tokens",
                identity.issuer,
                identity_source=["$request.header.Authorization"],
                jwt_audience=[client.user_pool_client_id for client in clients],
            ),
        )
        self.http_api.add_stage(
            "Live",
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(rate_limit=REQUESTS_PER_SECOND, burst_limit=BURST_REQUESTS),
        )
        self.url = (
            f"{stage.endpoint}/_aws/execute-api/{self.http_api.api_id}"
            if stage.local
            else self.http_api.api_endpoint
        )

    def serve(self, function: lambda_.Function, routes: Sequence[str]) -> None:
        """Let a function serve routes such as ``GET /orders/{order_id}``, or :data:`EVERY_OTHER`."""
        integration = HttpLambdaIntegration(f"{function.node.id}Integration", function)
        for route in routes:
            method, _, path = route.partition(" ")
            apigateway.HttpRoute(
                self,
                route,
                http_api=self.http_api,
                integration=integration,
                route_key=apigateway.HttpRouteKey.DEFAULT
                if route == EVERY_OTHER
                else apigateway.HttpRouteKey.with_(path, apigateway.HttpMethod(method)),
            )
