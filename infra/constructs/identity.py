"""Who may call: the user pool with its clients, the staff group and the staff scope."""

from typing import cast

from aws_cdk import Aws
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from functions.platform.roles import GROUPS
from infra.stage import Stage

PASSWORD_CHARACTERS_MIN = 12


class Identity(Construct):
    """Members and staff sign in at the storefront's client; services get tokens with the staff scope."""

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
        staff_scope = cognito.ResourceServerScope(
            scope_name="staff", scope_description="All that staff may do"
        )
        server = self.user_pool.add_resource_server(
            "Membership", identifier="membership", scopes=[staff_scope]
        )
        self.service_client = self.user_pool.add_client(
            "ServiceClient",
            generate_secret=True,
            auth_flows=cognito.AuthFlow(),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(client_credentials=True),
                scopes=[cognito.OAuthScope.resource_server(server, staff_scope)],
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
        self.token_url = f"{domain.base_url()}/oauth2/token"
