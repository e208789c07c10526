"""How a member has got the coupons of templates that they ever had, newest first."""

from dataclasses import dataclass

from functions.coupons.held import Ref, coupon_key, ref_of
from functions.coupons.issuing import GOT, Origin, origin_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, Row, Tables, below

POSITION = r"[0-9TZ:-]{20}#[a-z0-9_]+"
"""Where a coupon stands among those of templates: by when it was got, and then by id."""


@dataclass(frozen=True, slots=True)
class Origins:
    """The coupons of templates in the order in which they were got. ``table`` is the members'."""

    tables: Tables
    table: str

    def rows(
        self, member_id: str, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Row], str | None]:
        """Return a page of the coupons' own rows, and the position to go on after."""
        got, more = self.tables.query_span(
            self.table,
            partition=("member_id", member_id),
            sort="item",
            span=(GOT + LOWEST, GOT + (HIGHEST if after is None else below(after))),
            limit=limit,
            newest_first=True,
        )
        keys = [(self.table, coupon_key(member_id, row["coupon_id"])) for row in got]
        rows = [row for row in self.tables.batch_get(keys, deadline) if row is not None]
        return rows, str(got[-1]["item"]).removeprefix(GOT) if more else None

    def page(
        self, member_id: str, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[tuple[Ref, Origin]], str | None]:
        """Return a page of coupons, each with how it was got, and the position to go on after."""
        rows, position = self.rows(member_id, limit=limit, after=after, deadline=deadline)
        return [(ref_of(row), origin_of(row)) for row in rows], position
