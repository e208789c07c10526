"""What what pages need may know, and do."""

from tests.support.rights import API, USER_POOL, of

MAY_KNOW = {"domain", "platform"}
NEEDS = {
    "PagesOpening": of("apigateway", API, "PATCH"),
    "SignIn": of("cognito-idp", USER_POOL, "AdminGetUser"),
}
IN_PROD_ALONE = {"SignIn": "who works for the shop needs a second factor there"}
