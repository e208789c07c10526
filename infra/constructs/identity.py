"""Who may call: the user pool with its clients, the groups of those who work for the shop, and the scopes."""

from collections.abc import Mapping
from typing import cast

from aws_cdk import Aws, Duration
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from functions.platform.roles import GROUPS, SCOPES
from infra.stage import Stage

STAFF = "staff"
SCOPE_PREFIX = "membership"
PASSWORD_CHARACTERS_MIN = 12
CALLBACK = "/callback"
"""The page of an app that a browser comes back to with a code; the one after signing out is its first."""
HOME = "/"
REFRESHING = Duration.minutes(60)
"""How long a refresh token of a page's client lives: Cognito always makes one, and takes no shorter life
(https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html)."""
TOKENS: Mapping[str, Duration] = {"console": Duration.minutes(10), "storefront": Duration.minutes(60)}
"""How long the other tokens of an app live; a console that somebody has left open is closed soon (K5)."""
CUSTOM_FLOW = "ALLOW_CUSTOM_AUTH"


class Identity(Construct):
    """Members and staff sign in at a client of theirs; services get tokens with the staff scope."""

    @property
    def issuer(self) -> str:
        """Who signs the pool's tokens. (The pool's own attribute for it is unknown to the local cloud.)"""
        return f"https://cognito-idp.{Aws.REGION}.{Aws.URL_SUFFIX}/{self.user_pool.user_pool_id}"

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.user_pool = cognito.UserPool(
            self,
            "UserPool",
            feature_plan=cognito.FeaturePlan.LITE,  # all that is used here, at a third of the price
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            password_policy=cognito.PasswordPolicy(
                min_length=PASSWORD_CHARACTERS_MIN,
                require_digits=True,
                require_lowercase=True,
                require_symbols=True,
                require_uppercase=True,
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            removal_policy=stage.removal_policy,
            deletion_protection=stage.keeps_data,
        )
        for group in GROUPS:
            cognito.CfnUserPoolGroup(
                self, group.title(), user_pool_id=self.user_pool.user_pool_id, group_name=group
            )
        self.user_client = self.user_pool.add_client(
            "UserClient",
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=not stage.keeps_data),
            prevent_user_existence_errors=True,
            disable_o_auth=True,
        )
        scopes = {name.partition("/")[2]: _scope(name) for name in SCOPES}
        server = self.user_pool.add_resource_server(
            "Membership", identifier=SCOPE_PREFIX, scopes=list(scopes.values())
        )
        self.service_client = self.user_pool.add_client(
            "ServiceClient",
            generate_secret=True,
            auth_flows=cognito.AuthFlow(),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, scopes[STAFF])],
            ),
        )
        # Without a list Cognito would allow its defaults, and a service signs nobody in.
        service = cast(cognito.CfnUserPoolClient, self.service_client.node.default_child)
        service.explicit_auth_flows = ["ALLOW_REFRESH_TOKEN_AUTH"]
        domain = self.user_pool.add_domain(
            "TokenEndpoint",
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=f"memberday-{stage.name.lower()}-{Aws.ACCOUNT_ID}"
            ),
        )
        self.sign_in_url = str(stage.endpoint) if stage.local else domain.base_url()
        self.token_url = f"{self.sign_in_url}/oauth2/token"

    @property
    def clients(self) -> tuple[cognito.UserPoolClient, ...]:
        """The clients that were there before there were pages: a shop's own storefront, and services."""
        return self.user_client, self.service_client

    def ask_before_a_token(self, function: lambda_.IFunction) -> None:
        """Have the pool ask a function before it gives anybody a token (the first version of the event,
        which costs nothing: the function changes no token, it refuses)."""
        self.user_pool.add_trigger(cognito.UserPoolOperation.PRE_TOKEN_GENERATION, function)

    def let_sign_in(self, app: str, origin: str) -> cognito.UserPoolClient:
        """Return the client by which people sign in at an app: by a code and its proof, and in no other way.

        It has no secret, which a page could not keep. Cognito's page sends the browser back to this origin
        alone. The one flow of the API that stands there needs triggers that the pool has not: without a list
        Cognito would allow its defaults, passwords and refreshing among them.
        """
        client = self.user_pool.add_client(
            f"{app.title()}Client",
            auth_flows=cognito.AuthFlow(custom=True),
            generate_secret=False,
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID],
                callback_urls=[f"{origin}{CALLBACK}"],
                logout_urls=[f"{origin}{HOME}"],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            access_token_validity=TOKENS[app],
            id_token_validity=TOKENS[app],
            refresh_token_validity=REFRESHING,
        )
        cast(cognito.CfnUserPoolClient, client.node.default_child).explicit_auth_flows = [CUSTOM_FLOW]
        return client


def _scope(name: str) -> cognito.ResourceServerScope:
    role = name.partition("/")[2]
    return cognito.ResourceServerScope(
        scope_name=role,
        scope_description="All that staff may do" if role == STAFF else f"What the role {role} may do (K7)",
    )
