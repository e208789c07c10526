"""A member's coupons of all kinds as one list, newest first: those of birthdays and those of templates.

A birthday coupon stands where its month begins, one of a template where it was got. There are few of the
former; the latter are read page by page.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from functions.coupons import origins
from functions.coupons.birthday import Coupon, CouponStatus, standing_at, status
from functions.coupons.coupons import Coupons
from functions.coupons.held import coupon_of, key, order_of, ref_of, refs
from functions.coupons.origins import Origins
from functions.coupons.templates import TemplateCoupon
from functions.coupons.worths import Worths
from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables

_OF_BEFORE = r"([1-9][0-9]{3})(?:-(0[1-9]|1[0-2]))?"
POSITION = rf"{_OF_BEFORE}|{origins.POSITION}"
"""Where a coupon stands in the list: by its moment and then by id. Cursors of before had birthday coupons
only, by the month, or at first by the year."""
READ_MAX = 500
"""Coupons that are looked at for one page, where those that stand otherwise than asked for are left out."""
PAGE_ROWS = 100
Listed = Coupon | TemplateCoupon
_OF_BIRTHDAY = "cpn"
"""What stands before every id of a birthday coupon, and after those of templates, among the same moment's."""


def position_of(coupon: Listed) -> str:
    """Return where a coupon stands in the list."""
    moment = coupon.issued_at if isinstance(coupon, TemplateCoupon) else coupon.valid_from
    return f"{calendar.to_row(moment)}#{coupon.coupon_id}"


def _read(position: str, zone: ZoneInfo) -> str:
    """Return a position of any form as one of today's."""
    of_before = re.fullmatch(_OF_BEFORE, position)
    if of_before is None:
        return position
    begins = datetime(int(of_before[1]), int(of_before[2] or 1), 1, tzinfo=zone)
    return f"{calendar.to_row(begins)}#{_OF_BIRTHDAY}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponList:
    """The coupons of members, as they are listed."""

    tables: Tables
    table: str
    birthday: Coupons
    origins: Origins
    worths: Worths
    zone: ZoneInfo

    @classmethod
    def of(cls, tables: Tables, table: str, worths: Worths, zone: ZoneInfo) -> "CouponList":
        """Return the list of the coupons in a members' table."""
        return cls(
            tables=tables,
            table=table,
            birthday=Coupons(tables, table),
            origins=Origins(tables, table),
            worths=worths,
            zone=zone,
        )

    def page(
        self,
        member_id: str,
        standing: CouponStatus | None,
        at: datetime,
        *,
        limit: int,
        after: str | None,
        deadline: Deadline,
    ) -> tuple[list[Listed], str | None]:
        """Return a page of a member's coupons that stand so at this moment, and the position to go on after.

        Where most stand otherwise, a page may have fewer than asked for, or none, and still go on.
        """
        before = None if after is None else _read(after, self.zone)
        birthday: list[Listed] = [
            coupon
            for coupon in self.birthday.of_member(member_id)
            if standing in (None, status(coupon, at)) and (before is None or position_of(coupon) < before)
        ]
        if standing is CouponStatus.AVAILABLE:
            of_templates, end = self._available(member_id, at, before, deadline), None
        else:
            of_templates, end = self._got(member_id, standing, at, limit + 1, before, deadline)
        both = sorted([*birthday, *of_templates], key=position_of, reverse=True)
        listed = [coupon for coupon in both if end is None or position_of(coupon) >= end]
        if len(listed) > limit:
            return listed[:limit], position_of(listed[limit - 1])
        return listed, end

    def _available(
        self, member_id: str, at: datetime, before: str | None, deadline: Deadline
    ) -> list[Listed]:
        """Return the coupons of templates that have not been used and have not ended."""
        (row,) = self.tables.batch_get([(self.table, key(member_id))], deadline)
        held = [ref for ref in refs(row) if at <= ref.valid_until]
        worths = self.worths.of(held, deadline)
        found: list[Listed] = [ref.coupon(worths[ref.version]) for ref in held]
        return [coupon for coupon in found if before is None or position_of(coupon) < before]

    def _got(
        self,
        member_id: str,
        standing: CouponStatus | None,
        at: datetime,
        wanted: int,
        before: str | None,
        deadline: Deadline,
    ) -> tuple[list[Listed], str | None]:
        """Return so many of the coupons of templates, and the position up to which all were looked at.

        There is none where all were.
        """
        found: list[Row] = []
        position = before
        for _ in range(READ_MAX // PAGE_ROWS):
            size = min(wanted, PAGE_ROWS) if standing is None else PAGE_ROWS
            rows, position = self.origins.rows(member_id, limit=size, after=position, deadline=deadline)
            found += [row for row in rows if standing in (None, _standing(row, at))]
            if position is None or len(found) >= wanted:
                break
        shown = found[:wanted]
        worths = self.worths.of([ref_of(row) for row in shown], deadline)
        coupons: list[Listed] = [coupon_of(row, worths[ref_of(row).version]) for row in shown]
        # Where there are as many as wanted, the last of them ends the page, or stands beyond it.
        return coupons, position_of(coupons[-1]) if len(found) >= wanted and coupons else position


def _standing(row: Row, at: datetime) -> CouponStatus:
    return standing_at(order_of(row), ref_of(row).valid_until, at)
