"""How codes stand in the table of the catalogue: a row per code, and of a shared one what is left of it.

A unique code's row says who used it. The row of a batch says what its codes follow from.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from functions.counters.counter import TERMS, Counter
from functions.coupons import template_rows
from functions.coupons.template_rows import LIMIT
from functions.domain import calendar
from functions.platform.dynamo import Row, Transaction

CODE = "CODE"
BATCH = "BATCH#"
USES_TERMS = 1
"""What the counter of a shared code goes by: nothing that ever changes."""
_CODE = "code:"
"""How the partition of a code begins; no sku has a colon."""
_USES = "uses"


def code_key(code: str) -> dict[str, str]:
    """Return the key of a code's row, by what it is called."""
    return {"sku": _CODE + code, "item": CODE}


def batch_key(template_id: str, batch_id: str) -> dict[str, str]:
    """Return the key of a batch's row: its id is the template's own."""
    return template_rows.key(template_id, BATCH + batch_id)


def uses_counter(table: str, code: str) -> Counter:
    """Return the counter of the uses that are left of a shared code."""
    home = {"sku": f"{_CODE}{code}:{_USES}", "item": LIMIT}
    return Counter(table=table, home=home, item=LIMIT, amount="uses_left")


def counter_named(table: str, name: str) -> Counter | None:
    """Return the counter of a shared code whose home row is in this partition, None if there is none."""
    code, _, of = name.removeprefix(_CODE).partition(":")
    return uses_counter(table, code) if name.startswith(_CODE) and of == _USES else None


def batch_row(
    template_id: str, batch_id: str, contents: Mapping[str, Any], *, operator: str, at: datetime
) -> Row:
    """Write a batch as its row; ``contents`` is what was asked for."""
    return {
        **batch_key(template_id, batch_id),
        **contents,
        "operator": operator,
        "made_at": calendar.to_row(at),
    }


def put_unique(transaction: Transaction, table: str, code: str, *, template_id: str, batch_id: str) -> None:
    """Add to a transaction that there is a code which works once, unless it is another batch's.

    Sent again it changes nothing, used or not.
    """
    transaction.update(
        table,
        code_key(code),
        expression="SET #template_id = :template_id, #batch_id = :batch_id, #unique = :unique",
        condition="attribute_not_exists(#sku) OR (#template_id = :template_id AND #batch_id = :batch_id)",
        values={":template_id": template_id, ":batch_id": batch_id, ":unique": True},
    )


def put_shared(
    transaction: Transaction, table: str, code: str, limit: int, *, template_id: str, batch_id: str
) -> None:
    """Add to a transaction that there is a code which so many members may use, each once."""
    transaction.put_new(
        table, {**code_key(code), "template_id": template_id, "batch_id": batch_id, "unique": False}
    )
    uses = uses_counter(table, code)
    transaction.put_new(table, {**uses.home, uses.amount: limit, TERMS: USES_TERMS})


def use_unique(transaction: Transaction, table: str, code: str, *, member_id: str) -> None:
    """Add to a transaction that a member uses a code, which nobody has."""
    transaction.update(
        table,
        code_key(code),
        expression="SET #used_by = :member",
        condition="attribute_exists(#template_id) AND attribute_not_exists(#used_by)",
        values={":member": member_id},
    )
