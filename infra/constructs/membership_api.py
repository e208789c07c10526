"""The HTTP API: every route of the programme asks the user pool's authorizer first."""

import json
from collections.abc import Sequence
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.aws_apigatewayv2_authorizers import HttpJwtAuthorizer
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from functions.platform.routes import EVERY_OTHER
from infra.naming import api_url
from infra.stage import BURST_SECONDS, Stage

ACCESS_LOG = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "integrationLatency": "$context.integrationLatency",
    "integrationError": "$context.integration.error",
    "error": "$context.error.message",
}
"""A line of the access log: no address, no path, no token; ``requestId`` is the functions' correlation id
(https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html)."""
PUBLIC_PER_SECOND = 50
"""Requests that a route takes which asks for no token: who has none cannot use up what the stage takes."""
PREFLIGHT = "Preflight"


class MembershipApi(Construct):
    """An HTTP API whose routes are served by the programme's functions.

    The authorizer lets through whoever holds a token of the pool's clients; what they may do is decided by
    the functions, which alone can tell an access token from an ID token.
    """

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.http_api = apigateway.HttpApi(
            self,
            "HttpApi",
            description=f"memberday {stage.name}",
            create_default_stage=False,
        )
        live = self.http_api.add_stage(
            "Live",
            stage_name="$default",
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=stage.requests, burst_limit=BURST_SECONDS * stage.requests
            ),
        )
        access_logs = logs.LogGroup(
            self, "AccessLogs", retention=stage.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        self.url = api_url(self.http_api.api_id, stage)
        self._live = cast(apigateway.CfnStage, live.node.default_child)
        self._live.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=access_logs.log_group_arn, format=json.dumps(ACCESS_LOG)
        )
        self._limits: dict[str, dict[str, int]] = {}
        self._tokens: HttpJwtAuthorizer | None = None

    def let_in(self, issuer: str, clients: Sequence[cognito.IUserPoolClient]) -> None:
        """Let whoever has a token of these clients ask what is served from now on."""
        self._tokens = HttpJwtAuthorizer(
            "Tokens",
            issuer,
            identity_source=["$request.header.Authorization"],
            jwt_audience=[client.user_pool_client_id for client in clients],
        )

    def answer_preflights(self, function: lambda_.IFunction) -> None:
        """Let a function answer browsers that ask whether they may ask; nobody has a token at that point.

        Otherwise the default route would catch them, with its authorizer (AWS's advice:
        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html).
        """
        apigateway.HttpRoute(
            self,
            PREFLIGHT,
            http_api=self.http_api,
            integration=HttpLambdaIntegration("PreflightIntegration", function),
            route_key=apigateway.HttpRouteKey.with_("/{proxy+}", apigateway.HttpMethod.OPTIONS),
            authorizer=apigateway.HttpNoneAuthorizer(),
        )

    def serve(
        self, title: str, function: lambda_.IFunction, routes: Sequence[str], *, public: bool = False
    ) -> None:
        """Let a function serve routes such as ``GET /orders/{order_id}``, or :data:`EVERY_OTHER`.

        All ask the authorizer first but those that are public, each of which takes so much and no more
        (:data:`PUBLIC_PER_SECOND`). A route keeps its resource whichever stack its function stands in: what
        changes is where its integration leads, in place.
        """
        if self._tokens is None:
            raise ValueError(f"{title} would be served to everybody: say first who is let in")
        integration = HttpLambdaIntegration(f"{title}Integration", function)
        for route in routes:
            method, _, path = route.partition(" ")
            served = apigateway.HttpRoute(
                self,
                route,
                http_api=self.http_api,
                integration=integration,
                route_key=apigateway.HttpRouteKey.DEFAULT
                if route == EVERY_OTHER
                else apigateway.HttpRouteKey.with_(path, apigateway.HttpMethod(method)),
                authorizer=apigateway.HttpNoneAuthorizer() if public else self._tokens,
            )
            if public:
                self._limit(route, served)

    def _limit(self, key: str, route: apigateway.HttpRoute) -> None:
        """Let a route take less than the stage, which the gateway is told once the route is there."""
        self._limits[key] = {
            "ThrottlingRateLimit": PUBLIC_PER_SECOND,
            "ThrottlingBurstLimit": BURST_SECONDS * PUBLIC_PER_SECOND,
        }
        self._live.route_settings = self._limits
        self._live.node.add_dependency(route)
