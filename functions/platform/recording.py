"""The trail of an API: who asks as staff, and that somebody was shown what there is of a member (K7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from functions.platform.deadline import Deadline
from functions.platform.dynamo import ROW_SECONDS_MAX, ConditionFailedError, OutcomeUnknownError, Tables, busy
from functions.platform.roles import Role
from functions.platform.trail import Trail, kept_out


@dataclass(slots=True)
class Look:
    """What a request has shown of members, as far as its face says so."""

    shown: Sequence[str] = ()
    searched_by: str | None = None


@dataclass(frozen=True, slots=True)
class Recorder:
    """Keeps the trail of an API in the table of the audit; days are the store's."""

    tables: Tables
    table: str
    zone: ZoneInfo

    def trail(
        self,
        event: Mapping[str, Any],
        *,
        operation: str,
        route: str,
        operator: str,
        service: bool,
        roles: Role,
        ids: Mapping[str, str],
        body: Mapping[str, Any],
    ) -> Trail:
        """Return the trail of a request, to which what it writes adds records."""
        context = event["requestContext"]
        return Trail(
            table=self.table,
            zone=self.zone,
            operation=operation,
            route=route,
            operator=operator,
            service=service,
            roles=[str(role.name).lower() for role in roles],
            ids=ids,
            request_id=str(context.get("requestId", "")),
            address=str(context["http"].get("sourceIp", "")),
            body=body,
        )

    def keep_look(self, trail: Trail, look: Look, deadline: Deadline) -> None:
        """Write down what was shown of members, before it is: what leaves no record is not shown.

        Raises
        ------
        TryAgainError
            ``try_again``: it could not be written.
        """
        transaction = self.tables.transaction()
        for row in trail.rows_of_look(transaction.at, shown=look.shown, searched_by=look.searched_by):
            transaction.put_new(self.table, row)
        try:
            with kept_out():
                transaction.commit(deadline.at_least(ROW_SECONDS_MAX))
        except ConditionFailedError:
            return  # an earlier send has written it
        except OutcomeUnknownError as error:
            raise busy() from error
