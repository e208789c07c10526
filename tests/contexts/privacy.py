"""What privacy may know, and do."""

from tests.support.rights import USER_POOL, of, records_staff, rows

MAY_KNOW = {"domain", "platform", "tiers", "coupons", "points", "offers", "orders", "payments"}
MAY_KNOW |= {"cases", "aftersales"}
NEEDS = {
    "PrivacyApi": records_staff()
    | rows("Members", "BatchGetItem", "GetItem", "PutItem", "Query")
    | rows("Catalog", "BatchGetItem")
    | rows("Orders", "BatchGetItem", indexes=["by_member"])
    | rows("Payments", "BatchGetItem", indexes=["attempts_by_member"])
    | rows("Cases", "BatchGetItem", "GetItem", "PutItem", indexes=["cases_by_member"])
    | of("cognito-idp", USER_POOL, "AdminDeleteUser", "ListUsers")
}
