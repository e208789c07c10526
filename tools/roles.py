"""Writes docs/roles.md, who may call what, from docs/openapi.json; or checks that it agrees.

python -m tools.roles [--check]
"""

import json
import sys
from collections.abc import Iterator

from tools.generated import DOCS, asked_to_check, write_or_check

METHODS = ("get", "post", "put", "patch", "delete")
COLUMNS = {
    "`clerk`": "clerk",
    "`marketing`": "marketing",
    "`finance`": "finance",
    "`admin`": "admin",
    "scope `membership/staff`": "staff",
}
"""What the columns are called, with the role of each."""
HEAD = """# Roles

Written by `make docs` from the routes; do not edit. Rule K7.

Who works for the shop is in one or several groups of the user pool; of several, everything counts. A person in none of
them is a member, and so is somebody with a role wherever it gives them nothing: they see their own orders, and nobody else's.

| group | for |
|---|---|
| `clerk` | the counter and the warehouse: any order and member read, cancelling and receipts, shipments, refusals, returns, birthdays, stock, cases |
| `marketing` | products, campaigns, coupons and their templates |
| `finance` | any order and member read, payments, money that is no order's, refunds, adjustments of points, complaints settled with more than the policy's limit, all reports |
| `admin` | everything, and alone what is marked so below |
| `staff` | the group from before there were roles: `clerk`, `marketing` and `finance` together, and all routes that there were then |

A service client has the scope `membership/staff`, which gives the routes from before there were roles and never one
that came later. The scopes `membership/clerk`, `membership/marketing`, `membership/finance` and `membership/admin` are
defined and given to no client: an operator who wants a narrower service gives it one of them in place of
`membership/staff`.

A role that a route is not for is answered 403 `forbidden`, before anything of the request is looked at. Where a route is
for members, too, whoever has another role is a member there. A change of groups counts from the next token on: access
tokens are good until they expire. `POST /reports/{report}/exports` is for whoever may read the report that it names, with
the roles below; of the table of records, which is exported as `audit`, for admins.

## Routes

| route | {columns} |
|---|{lines}|
"""


def document(described: dict[str, dict[str, dict[str, object]]]) -> str:
    """Return the page that says who may call what of a described API."""
    head = HEAD.replace("{columns}", " | ".join(COLUMNS)).replace("{lines}", "|".join("---" for _ in COLUMNS))
    return head + "".join(f"{row}\n" for row in _rows(described))


def _rows(described: dict[str, dict[str, dict[str, object]]]) -> Iterator[str]:
    for path, operations in described.items():
        for method in METHODS:
            operation = operations.get(method)
            roles = operation.get("x-roles") if operation is not None else None
            if isinstance(roles, list):
                marks = " | ".join("yes" if role in roles else "" for role in COLUMNS.values())
                yield f"| `{method.upper()} {path}` | {marks} |"


def main() -> int:
    """Write the page, or check it."""
    described = json.loads((DOCS / "openapi.json").read_text(encoding="utf-8"))
    return write_or_check(DOCS / "roles.md", document(described["paths"]), check=asked_to_check())


if __name__ == "__main__":
    sys.exit(main())
