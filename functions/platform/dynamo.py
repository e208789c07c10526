"""DynamoDB as the programme uses it: rows of plain values, consistent reads, one transaction per fact.

Rows hold text, integers, booleans, null, lists and maps: never a float, so that money cannot become one.
"""

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

from functions.domain import calendar
from functions.domain.errors import ConflictError, RefusalError, TryAgainError
from functions.platform import clock, preconditions, sdk, trail
from functions.platform.deadline import Deadline
from functions.platform.typed_json import shortened

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Row = dict[str, Any]
Key = Mapping[str, str]
Span = tuple[str, str]
"""The lowest and the highest text that is wanted, both with it."""
T = TypeVar("T")

BATCH_KEYS_MAX = 100
"""Keys that one ``BatchGetItem`` may ask for (DynamoDB's limit)."""
TRANSACTION_ACTIONS_MAX = 100
"""Actions of one transaction (DynamoDB's limit)."""
STAFF_ACTIONS_MAX = TRANSACTION_ACTIONS_MAX - trail.ACTIONS_OF_A_RECORD
"""Actions of a transaction of staff, which leaves room for its record (K7)."""
BATCH_ROUNDS_MAX = 8
"""How often unprocessed keys of one batch are asked for again."""
SENDS_MAX = 8
"""How often one transaction is sent while it only meets other transactions, or throttling."""
ATTEMPTS_MAX = 12
"""How often an operation starts again from its read because others changed what it had read."""
PAGES_MAX = 25
"""How many pages of a query are read for one page of a list: a page may be empty and not the last."""
WHERE_PAGE_ROWS = 250
WHERE_PAGES_MAX = 4
"""Rows of a page of a query that wants some of them, and pages read for one page of a list."""
ROW_SENDS_MAX = 4
"""How often a write of a single row is sent while a transaction that is under way has that row."""
ROW_SECONDS_MAX = 0.5
"""How long such a write waits for the row in all; it is refused at once, so its sends take no time."""
BACKOFF_BASE_SECONDS = 0.02
BACKOFF_CAP_SECONDS = 0.5

_CONFLICTS = frozenset({"TransactionConflict"})
_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"})
_THROTTLE_CODES = frozenset(
    {
        "ThrottlingException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
    }
)
_ROW_CONFLICT_CODE = "TransactionConflictException"
"""What a write of a single row is refused with while a transaction has it; the SDK sends no second one."""
_CONDITION_FAILED_CODE = "ConditionalCheckFailedException"
_SERVER_ERROR_STATUS = 500


def client(endpoint_url: str | None = None) -> "DynamoDBClient":
    """Return the DynamoDB client of a function: bounded time-outs, throttling retried by the SDK.

    Parameters are not validated on this side: what the programme sends is typed, and the check costs up to
    a third of a call.
    """
    made: DynamoDBClient = shortened(sdk.client("dynamodb", endpoint_url, parameter_validation=False))
    return made


class OutcomeUnknownError(Exception):
    """A write was sent and no answer came: it may or may not have happened. Read before you answer."""


class ConditionFailedError(Exception):
    """A condition did not hold, so nothing was written.

    ``rows`` holds, per action of the transaction, the row that refused it; None where the action was fine
    or the row does not exist.
    """

    def __init__(self, rows: Sequence[Row | None]) -> None:
        super().__init__("a condition did not hold")
        self.rows = rows


LOWEST, HIGHEST = "\x20", "\x7f"
"""Below and above all text of visible ASCII, as ids and times are; text order is that of DynamoDB's keys."""


def above(text: str) -> str:
    """Return a text above one and below all others above it, where none goes on with what is not visible."""
    return text + LOWEST


def below(text: str) -> str:
    """Return a text below one and above all others below it, where all are of visible ASCII."""
    return text[:-1] + chr(ord(text[-1]) - 1) + HIGHEST


def time_span(since: datetime | None, before: datetime | None, after: str | None) -> Span:
    """Return where positions stand that begin with a moment as rows have it, in a list that is newest first.

    Parameters
    ----------
    since, before
        The first moment that is wanted, and the first one later that is not, in whole seconds.
    after
        The position of the last row of the page before.
    """
    lowest = LOWEST if since is None else calendar.to_row(since)
    highest = HIGHEST if before is None else below(calendar.to_row(before))
    return lowest, highest if after is None else min(highest, below(after))


def _text_attribute(value: str) -> dict[str, Any]:
    return {"S": str(value)}


def _number_attribute(value: int) -> dict[str, Any]:
    return {"N": str(value)}


def _boolean_attribute(value: bool) -> dict[str, Any]:
    return {"BOOL": value}


def _null_attribute(_: None) -> dict[str, Any]:
    return {"NULL": True}


def _list_attribute(values: Sequence[Any]) -> dict[str, Any]:
    return {"L": [_WRITERS[type(each)](each) for each in values]}


def _map_attribute(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"M": {name: _WRITERS[type(value)](value) for name, value in values.items()}}


class _Writers(dict[type, Callable[[Any], dict[str, Any]]]):
    """What writes a value, by its type; a kind of one, as a status is of a text, is written as that.

    It is looked up for every value of every row, which is why it is a dict and no chain of questions.
    """

    def __missing__(self, kind: type) -> Callable[[Any], dict[str, Any]]:
        for known in (str, int, list, tuple, dict):
            if issubclass(kind, known):
                self[kind] = self[known]
                return self[kind]
        raise TypeError(f"rows hold no {kind.__name__}")


_WRITERS = _Writers(
    {
        str: _text_attribute,
        int: _number_attribute,
        bool: _boolean_attribute,
        type(None): _null_attribute,
        list: _list_attribute,
        tuple: _list_attribute,
        dict: _map_attribute,
    }
)


def to_attribute(value: Any) -> dict[str, Any]:
    """Write one plain value in DynamoDB's typed form.

    Raises
    ------
    TypeError
        The value is of a kind that rows do not hold, a float for example.
    """
    return _WRITERS[type(value)](value)


def to_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row in DynamoDB's typed form."""
    return {name: _WRITERS[type(value)](value) for name, value in row.items()}


def _same(value: Any) -> Any:
    return value


def _none(_: Any) -> None:
    return None


def _list_of(values: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [from_attribute(each) for each in values]


class _Readers(dict[str, Callable[[Any], Any]]):
    """What reads a value, by the kind that DynamoDB says it is of."""

    def __missing__(self, kind: str) -> Callable[[Any], Any]:
        raise TypeError(f"rows hold no attribute of kind {kind}")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Read one value from DynamoDB's typed form.

    Raises
    ------
    TypeError
        The attribute is of a kind that the programme never writes.
    """
    ((kind, value),) = attribute.items()
    return _READERS[kind](value)


def from_item(item: Mapping[str, Any]) -> Row:
    """Read a row from DynamoDB's typed form; also what a stream record carries."""
    row: Row = {}
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        row[name] = value if kind == "S" else _READERS[kind](value)
    return row


_READERS = _Readers({"S": _same, "BOOL": _same, "N": int, "NULL": _none, "L": _list_of, "M": from_item})


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows that one DynamoDB client reaches, read consistently.

    ``begun_at`` reads the clock by which a transaction says when it was begun.
    """

    client: "DynamoDBClient"
    begun_at: Callable[[], datetime] = clock.now

    def get(self, table: str, key: Key) -> Row | None:
        """Read one row consistently, or None."""
        with repeatable():
            answer = self.client.get_item(TableName=table, Key=to_item(key), ConsistentRead=True)
        return from_item(answer["Item"]) if "Item" in answer else None

    def batch_get(
        self, keys: Sequence[tuple[str, Key]], deadline: Deadline, *, consistent: bool = True
    ) -> list[Row | None]:
        """Read rows of several tables consistently, in the order asked for; up to 100 in one round trip.

        A row may be asked for more than once. It is no snapshot: rows may be from different moments.
        Unprocessed keys are asked for again. What is not read consistently costs half, and may be behind.

        Raises
        ------
        TryAgainError
            Keys were still unprocessed after :data:`BATCH_ROUNDS_MAX` rounds or at the deadline.
        """
        found: dict[tuple[str, frozenset[tuple[str, Any]]], Row] = {}
        key_names = {table: tuple(key) for table, key in keys}
        once = list({(table, tuple(key.items())): (table, key) for table, key in keys}.values())
        for start in range(0, len(once), BATCH_KEYS_MAX):
            asked: dict[str, Any] = {}
            for table, key in once[start : start + BATCH_KEYS_MAX]:
                of_table = asked.setdefault(table, {"Keys": [], "ConsistentRead": consistent})
                of_table["Keys"].append(to_item(key))
            for table, row in self._batch(asked, deadline):
                found[table, frozenset((name, row[name]) for name in key_names[table])] = row
        return [found.get((table, frozenset(key.items()))) for table, key in keys]

    def batch_get_groups(
        self, groups: Sequence[Sequence[tuple[str, Key]]], deadline: Deadline
    ) -> list[list[Row | None]]:
        """Read rows as :meth:`batch_get` does, those of several groups together; return them by group."""
        rows = iter(self.batch_get([each for keys in groups for each in keys], deadline))
        return [list(islice(rows, len(keys))) for keys in groups]

    def _batch(self, asked: dict[str, Any], deadline: Deadline) -> Iterator[tuple[str, Row]]:
        for sent in range(BATCH_ROUNDS_MAX):
            with repeatable():
                answer = self.client.batch_get_item(RequestItems=asked)
            for table, items in answer["Responses"].items():
                yield from ((table, from_item(item)) for item in items)
            asked = dict(answer.get("UnprocessedKeys", {}))
            if not asked:
                return
            if not deadline.seconds_left():
                break
            _full_jitter(sent, deadline)
        raise busy()

    def query(
        self,
        table: str,
        *,
        partition: tuple[str, str],
        prefix: tuple[str, str],
        limit: int,
        after: Key | None,
    ) -> tuple[list[Row], bool]:
        """Read a page of one partition, highest sort key first, where the sort key begins with a prefix.

        Parameters
        ----------
        partition, prefix
            The partition key and its value; the sort key and how its values begin.
        after
            The key of the last row of the page before, or None for the first page.

        Returns
        -------
        tuple
            The rows, at most ``limit``, and whether more follow them.
        """
        return self._pages(
            {
                "TableName": table,
                "KeyConditionExpression": "#partition = :partition AND begins_with(#sort, :prefix)",
                "ExpressionAttributeNames": {"#partition": partition[0], "#sort": prefix[0]},
                "ExpressionAttributeValues": to_item({":partition": partition[1], ":prefix": prefix[1]}),
                "ConsistentRead": True,
                "ScanIndexForward": False,
            },
            limit,
            after,
        )

    def query_where(
        self,
        table: str,
        *,
        partition: tuple[str, str],
        between: tuple[str, str, str],
        where: Mapping[str, Any],
        limit: int,
        after: Key | None,
    ) -> tuple[list[Row], Key | None]:
        """Read a page of one partition, highest sort key first, of the rows that hold certain values.

        Rows that do not are read, too: at most :data:`WHERE_PAGES_MAX` pages of :data:`WHERE_PAGE_ROWS`, so
        that a page may have fewer rows than ``limit``, or none, and still go on.

        Parameters
        ----------
        partition, between
            The partition key and its value; the sort key, its lowest and its highest value.
        where
            The values that rows hold, by attribute; of none, every row is wanted.
        after
            The key to go on after, between the bounds, or None for the first page.

        Returns
        -------
        tuple
            The rows, at most ``limit``, and the key to go on after; None where no more follow.
        """
        sort, *span = between
        query: dict[str, Any] = {
            **_between(table, partition, sort, (span[0], span[1])),
            "ConsistentRead": True,
            "ScanIndexForward": False,
            "Limit": WHERE_PAGE_ROWS if where else limit + 1,
        }
        if where:
            query["FilterExpression"] = " AND ".join(f"#{name} = :{name}" for name in where)
            query["ExpressionAttributeNames"] |= {f"#{name}": name for name in where}
            query["ExpressionAttributeValues"] |= to_item({f":{name}": each for name, each in where.items()})
        rows: list[Row] = []
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": to_item(after)}
        last: Row | None = None
        for _ in range(WHERE_PAGES_MAX):
            with repeatable():
                answer = self.client.query(**query, **start)
            rows += map(from_item, answer["Items"])
            if len(rows) > limit:
                last = {name: rows[limit - 1][name] for name in (partition[0], between[0])}
                return rows[:limit], last
            if "LastEvaluatedKey" not in answer:
                return rows, None
            last = from_item(answer["LastEvaluatedKey"])
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        return rows, last

    def query_all(
        self, table: str, *, partition: tuple[str, str], prefix: tuple[str, str], page: int
    ) -> Iterator[Row]:
        """Give all rows of a partition whose sort key begins with a prefix, so many at a time."""
        after: Key | None = None
        more = True
        while more:
            rows, more = self.query(table, partition=partition, prefix=prefix, limit=page, after=after)
            yield from rows
            if more:
                after = {name: rows[-1][name] for name in (partition[0], prefix[0])}

    def query_index(
        self,
        table: str,
        index: str,
        *,
        partition: tuple[str, str],
        limit: int,
        after: Key | None,
        up_to: tuple[str, str] | None = None,
        begins: tuple[str, str] | None = None,
        newest_first: bool = False,
    ) -> tuple[list[Row], bool]:
        """Read a page of one partition of an index, lowest sort key first; it may be behind the table.

        Parameters
        ----------
        up_to
            The sort key and the highest value of it that is wanted.
        begins
            The sort key and how its values begin.

        Returns
        -------
        tuple
            The rows as far as the index holds them, at most ``limit``, and whether more follow.
        """
        names, values = {"#partition": partition[0]}, {":partition": partition[1]}
        condition = "#partition = :partition"
        if up_to is not None:
            names["#sort"], values[":highest"] = up_to
            condition += " AND #sort <= :highest"
        if begins is not None:
            names["#sort"], values[":begins"] = begins
            condition += " AND begins_with(#sort, :begins)"
        return self._pages(
            {
                "TableName": table,
                "IndexName": index,
                "KeyConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(values),
                "ScanIndexForward": not newest_first,
            },
            limit,
            after,
        )

    def query_span(
        self,
        table: str,
        *,
        index: str | None = None,
        partition: tuple[str, str],
        sort: str,
        span: Span,
        limit: int,
        newest_first: bool = False,
    ) -> tuple[list[Row], bool]:
        """Read a page of one partition of a table, or of an index that may be behind, within a span of it.

        Where partitions are read together, or a place in one may be gone by the next page, the next page is
        the rest of the span (:func:`above`, :func:`below`) and needs no row to go on after.

        Parameters
        ----------
        sort, span
            The sort key, and its lowest and highest values that are wanted.

        Returns
        -------
        tuple
            The rows, at most ``limit``, and whether more follow them.
        """
        if span[0] > span[1]:
            return [], False
        query = _between(table, partition, sort, span) | {"ScanIndexForward": not newest_first}
        query |= {"ConsistentRead": True} if index is None else {"IndexName": index}
        return self._pages(query, limit, None)

    def _pages(self, query: dict[str, Any], limit: int, after: Key | None) -> tuple[list[Row], bool]:
        """Read on until there is one row more than asked for, which tells that more follow, or no more."""
        rows: list[Row] = []
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": to_item(after)}
        for _ in range(PAGES_MAX):
            with repeatable():
                answer = self.client.query(**query, **start, Limit=limit + 1 - len(rows))
            rows += map(from_item, answer["Items"])
            if "LastEvaluatedKey" not in answer or len(rows) > limit:
                return rows[:limit], len(rows) > limit
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
        raise busy()

    def put_new(self, table: str, row: Row) -> bool:
        """Put a row unless there is one under its key; return whether it was put.

        Where the answer of a put is lost and it is sent again, it says that the row was there.
        """
        if trail.followed() is not None:
            return self._recorded(lambda transaction: transaction.put_new(table, row))
        condition = f"attribute_not_exists(#{next(iter(row))})"
        return _held(
            lambda: self.client.put_item(
                TableName=table,
                Item=to_item(row),
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(condition),
            )
        )

    def put(self, table: str, row: Row) -> None:
        """Put a row, over the one that is there: for rows that say the same whenever they are written."""
        if trail.followed() is not None:
            self._recorded(lambda transaction: transaction.put(table, row))
            return
        _once_free(lambda: self.client.put_item(TableName=table, Item=to_item(row)))

    def put_newer(self, table: str, row: Row, *, by: str) -> None:
        """Put a row unless there is one under its key in which the attribute ``by`` is greater."""
        if trail.followed() is not None:
            self._recorded(lambda transaction: transaction.put_after(table, row, by=by, last=row[by]))
            return
        condition = f"attribute_not_exists(#{next(iter(row))}) OR #{by} <= :{by}"
        _held(
            lambda: self.client.put_item(
                TableName=table,
                Item=to_item(row),
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(condition),
                ExpressionAttributeValues=to_item({f":{by}": row[by]}),
            )
        )

    def put_if(self, table: str, row: Row, *, version: int) -> bool:
        """Put a row over the one of a version; return whether that was there.

        Where the answer is lost and it is sent again, it says that it was not.
        """
        if trail.followed() is not None:
            return self._recorded(lambda transaction: transaction.put_version(table, row, replaces=version))
        condition = "#version = :replaces"
        return _held(
            lambda: self.client.put_item(
                TableName=table,
                Item=to_item(row),
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(condition),
                ExpressionAttributeValues=to_item({":replaces": version}),
            )
        )

    def change(
        self, table: str, key: Key, *, expression: str, condition: str, values: Mapping[str, Any]
    ) -> bool:
        """Change one row in place if it is as the condition says; return whether it was.

        Where the answer is lost and it is sent again, it says that the condition did not hold.
        """
        if trail.followed() is not None:
            return self._recorded(
                lambda transaction: transaction.update(
                    table, key, expression=expression, condition=condition, values=values
                )
            )
        return _held(
            lambda: self.client.update_item(
                TableName=table,
                Key=to_item(key),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames=_names(expression, condition),
                ExpressionAttributeValues=to_item(values),
            )
        )

    def scan(
        self,
        table: str,
        *,
        segment: int,
        of: int,
        names: Sequence[str],
        limit: int,
        after: Key | None,
    ) -> tuple[list[Row], Key | None]:
        """Read a page of a segment of a whole table, and the key to go on after; None at the segment's end.

        Only audits and jobs over everybody do this. What it reads may be behind and is no snapshot; the rows
        of a partition follow one another. Of each row only the named attributes are read, where it has them;
        of one that holds what the programme never writes, only texts.
        """
        start: dict[str, Any] = {} if after is None else {"ExclusiveStartKey": to_item(after)}
        with repeatable():
            answer = self.client.scan(
                TableName=table,
                Segment=segment,
                TotalSegments=of,
                Limit=limit,
                ProjectionExpression=", ".join(f"#{name}" for name in names),
                ExpressionAttributeNames={f"#{name}": name for name in names},
                **start,
            )
        last = answer.get("LastEvaluatedKey")
        return [_legible(item) for item in answer["Items"]], None if last is None else from_item(last)

    def read_partition(
        self, table: str, *, partition: tuple[str, str], names: Sequence[str], page: int
    ) -> Iterator[Row]:
        """Give the rows of a partition as :meth:`scan` reads them, so many at a time."""
        start: dict[str, Any] = {}
        while True:
            with repeatable():
                answer = self.client.query(
                    TableName=table,
                    KeyConditionExpression="#partition = :partition",
                    ProjectionExpression=", ".join(f"#{name}" for name in names),
                    ExpressionAttributeNames={"#partition": partition[0]} | {f"#{n}": n for n in names},
                    ExpressionAttributeValues=to_item({":partition": partition[1]}),
                    Limit=page,
                    **start,
                )
            yield from map(_legible, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def upsert(
        self,
        table: str,
        key: Key,
        *,
        replace: Mapping[str, Any],
        initially: Mapping[str, Any],
        counting: str,
        replaces: int | None = None,
    ) -> tuple[Row, bool]:
        """Set attributes of a row, those in ``initially`` only where it lacks them; count in ``counting``.

        Returns the row after it and whether it is new. Where the row says all of it already, nothing is
        written and nothing counted. ``replaces`` is the count that the row must have, if any is said; one
        that is only to be made, and was just so, is answered as a new one again.

        Raises
        ------
        PreconditionError
            ``exists_already``, ``changed_meanwhile``.
        """
        differs = " OR ".join(f"attribute_not_exists(#{name}) OR #{name} <> :{name}" for name in replace)
        sets = [f"#{name} = :{name}" for name in replace]
        sets += [f"#{name} = if_not_exists(#{name}, :{name})" for name in initially]
        expression = f"SET {', '.join(sets)} ADD #{counting} :one"
        values = {f":{name}": value for name, value in {**initially, **replace, "one": 1}.items()}
        if trail.followed() is not None or replaces is not None:
            return self._upsert_as_read(
                table, key, expression, values, {**initially, **replace}, replace, counting, replaces
            )
        before: Row = {}

        def write() -> None:
            answer = self.client.update_item(
                TableName=table,
                Key=to_item(key),
                UpdateExpression=expression,
                ConditionExpression=differs,
                ExpressionAttributeNames=_names(expression, differs),
                ExpressionAttributeValues=to_item(values),
                ReturnValues="ALL_OLD",
            )
            before.update(from_item(answer.get("Attributes", {})))

        if not _held(write):
            return self.get(table, key) or dict(key), False
        after = {**key, **initially, **before, **replace, counting: before.get(counting, 0) + 1}
        return after, not before.keys() - key.keys()

    def _upsert_as_read(
        self,
        table: str,
        key: Key,
        expression: str,
        values: Mapping[str, Any],
        initially: Mapping[str, Any],
        replace: Mapping[str, Any],
        counting: str,
        replaces: int | None,
    ) -> tuple[Row, bool]:
        """Do as :meth:`upsert` in a transaction, which answers no row: it replaces the one that is read."""

        def attempt() -> tuple[Row, bool]:
            before = self.get(table, key)
            same = before is not None and all(
                name in before and before[name] == value for name, value in replace.items()
            )
            was = None if before is None else before.get(counting)
            preconditions.check(replaces, None if before is None else (was or 0), same=same)
            if before is not None and same:
                return before, replaces == preconditions.NOTHING
            held = f"attribute_not_exists(#{counting})" if was is None else f"#{counting} = :was"
            transaction = self.transaction()
            transaction.update(
                table,
                key,
                expression=expression,
                condition=held,
                values=values if was is None else {**values, ":was": was},
            )
            transaction.commit(deadline.at_least(ROW_SECONDS_MAX))  # however long the read took
            after = {**key, **initially, **(before or {}), **replace, counting: (was or 0) + 1}
            return after, before is None

        deadline = Deadline(ROW_SECONDS_MAX)
        try:
            return until_clear(attempt, deadline)
        except ConflictError as error:
            raise busy() from error

    def _recorded(self, add: Callable[["Transaction"], None]) -> bool:
        """Write a single row together with the record of that (K7); return whether its condition held.

        Raises
        ------
        TryAgainError
            ``try_again``: it was not free at any of :data:`ROW_SENDS_MAX` sends, or no answer came.
        """
        transaction = self.transaction()
        add(transaction)
        try:
            transaction.commit(Deadline(ROW_SECONDS_MAX), sends_max=ROW_SENDS_MAX)
        except ConditionFailedError:
            return False
        except (ConflictError, OutcomeUnknownError) as error:
            raise busy() from error
        return True

    def transaction(self) -> "Transaction":
        """Return an empty transaction that store operations add their actions to."""
        return Transaction(self.client, self.begun_at())


@dataclass(slots=True)
class _Move:
    """All that is added to one row, and what must hold for it."""

    table: str
    key: dict[str, str]
    adds: dict[str, int] = field(default_factory=dict)
    least: dict[str, int] = field(default_factory=dict)
    conditions: dict[str, None] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def take_in(self, other: "_Move") -> None:
        """Add what another fact adds to the same row."""
        for mine, theirs in ((self.adds, other.adds), (self.least, other.least)):
            for name, number in theirs.items():
                mine[name] = mine.get(name, 0) + number
        self.conditions |= {each: None for each in other.conditions if each}
        self.values |= other.values

    def action(self) -> dict[str, Any]:
        """Return it as the action of a transaction."""
        expression = "ADD " + ", ".join(f"#{name} :add_{name}" for name in self.adds)
        conditions = [f"#{name} >= :least_{name}" for name in self.least] + list(self.conditions)
        values = {f":add_{name}": number for name, number in self.adds.items()}
        values |= {f":least_{name}": number for name, number in self.least.items()} | self.values
        changes = {"Key": to_item(self.key), "UpdateExpression": expression}
        return {"Update": changes | _conditioned(self.table, " AND ".join(conditions), values, expression)}


@dataclass(slots=True)
class Transaction:
    """All writes of one fact, committed together or not at all; ``at`` is when it was begun."""

    client: "DynamoDBClient"
    at: datetime
    actions: list[Any] = field(default_factory=list)
    token: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Makes every send the same request to DynamoDB, for the ten minutes that it remembers."""
    conflicts: list[int] = field(default_factory=list)
    """The action that another transaction was in the way of, for each time that one was."""
    moves: dict[tuple[str, frozenset[tuple[str, str]]], tuple[int, "_Move"]] = field(default_factory=dict)
    """What is added to rows: the action that does it, and all that goes into it."""

    def conflicts_on(self, table: str, key: Key) -> int:
        """Return how often other transactions were in the way of a row that this one updates."""
        item = to_item(key)
        updates = [self.actions[action].get("Update", {}) for action in self.conflicts]
        return sum(update.get("TableName") == table and update["Key"] == item for update in updates)

    def put_new(self, table: str, row: Row) -> None:
        """Put a row that must not exist yet. Its first attribute is the table's partition key."""
        self._put(table, row, f"attribute_not_exists(#{next(iter(row))})", {})

    def put(self, table: str, row: Row) -> None:
        """Put a row over whatever is there: what may be put, another action's condition decides."""
        self.actions.append({"Put": {"TableName": table, "Item": to_item(row)}})

    def put_version(self, table: str, row: Row, *, replaces: int) -> None:
        """Put a row over the one of version ``replaces``; 0 says that there must be none."""
        if replaces == 0:
            self.put_new(table, row)
        else:
            self._put(table, row, "#version = :replaces", {":replaces": replaces})

    def put_over(self, table: str, row: Row) -> None:
        """Put a row over one that must be there. Its first attribute is the table's partition key."""
        self._put(table, row, f"attribute_exists(#{next(iter(row))})", {})

    def put_after(self, table: str, row: Row, *, by: str, last: str) -> None:
        """Put a row unless there is one in which the attribute ``by`` is later than ``last``."""
        condition = f"attribute_not_exists(#{next(iter(row))}) OR #{by} <= :last"
        self._put(table, row, condition, {":last": last})

    def update(
        self, table: str, key: Key, *, expression: str, condition: str, values: Mapping[str, Any]
    ) -> None:
        """Change a row in place, under a condition that says when it may be changed.

        Attributes stand in the expressions as ``#name``, so that none can meet a reserved word.
        """
        changes = {"Key": to_item(key), "UpdateExpression": expression}
        self.actions.append({"Update": changes | _conditioned(table, condition, values, expression)})

    def move(
        self,
        table: str,
        key: Key,
        *,
        adds: Mapping[str, int],
        least: Mapping[str, int] = MappingProxyType({}),
        condition: str = "",
        values: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Add to numbers of a row, in one action with whatever else is added to the same row.

        A transaction has one action per row; so what several facts of it add to one is summed up here.

        Parameters
        ----------
        adds
            What is added, or with a minus taken, by attribute. One that is not there counts as 0.
        least
            How much of an attribute must be there; of several facts it is the sum.
        condition, values
            What must hold besides, and its values, in which a name means the same for all facts of a row.
        """
        name = (table, frozenset(key.items()))
        place, move = self.moves.get(name, (len(self.actions), None))
        if move is None:
            move = _Move(table, dict(key))
            self.moves[name] = place, move
            self.actions.append({})
        move.take_in(_Move(table, dict(key), dict(adds), dict(least), {condition: None}, dict(values)))
        self.actions[place] = move.action()

    def absorb(self, other: "Transaction") -> None:
        """Take in all that another transaction would have written, which has not been sent."""
        moved = dict(other.moves.values())
        for place, action in enumerate(other.actions):
            move = moved.get(place)
            if move is None:
                self.actions.append(action)
                continue
            condition = " AND ".join(move.conditions)
            self.move(
                move.table,
                move.key,
                adds=move.adds,
                least=move.least,
                condition=condition,
                values=move.values,
            )

    def require(
        self, table: str, key: Key, *, condition: str, values: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Write nothing to a row, and everything else only if it is as the condition says."""
        check = {"Key": to_item(key)} | _conditioned(table, condition, values)
        self.actions.append({"ConditionCheck": check})

    def _put(self, table: str, row: Row, condition: str, values: Mapping[str, Any]) -> None:
        self.actions.append({"Put": {"Item": to_item(row)} | _conditioned(table, condition, values)})

    def commit(self, deadline: Deadline, *, sends_max: int = SENDS_MAX) -> None:
        """Write everything, or nothing.

        Meeting other transactions and throttling are retried with full jitter while the time lasts, until it
        was sent ``sends_max`` times.

        Raises
        ------
        ConditionFailedError
            At least one condition did not hold.
        OutcomeUnknownError
            No answer came; the caller reads before it answers.
        ConflictError
            ``conflict``: other transactions were in the way at every send.
        TryAgainError
            ``try_again``: throttled at every send.
        """
        record = self._record()
        for sent in range(1, sends_max + 1):
            if not deadline.seconds_left():
                raise busy()
            try:
                self._send(record)
            except (ConnectionError, HTTPClientError) as error:
                raise OutcomeUnknownError from error
            except ClientError as error:
                if _is_recorded(error, len(self.actions)):
                    record, self.token = [], str(uuid.uuid4())
                    continue
                refusal = _why_again(error, len(self.actions))
                self.conflicts += _in_the_way(error, len(self.actions))
                if sent == sends_max:
                    raise refusal from error
                _full_jitter(sent, deadline)
            else:
                return
        raise busy()

    def _record(self) -> list[Any]:
        """Return the actions that record this transaction, which are its last, if it is one of staff (K7).

        One that has no room for them is recorded before it is sent: a record may then be of what was refused,
        but nothing is written without one.
        """
        followed = trail.followed()
        if followed is None or all("ConditionCheck" in action for action in self.actions):
            return []
        (record, address) = followed.rows(self.actions, self.at)
        actions = _puts_of_record(followed.table, record, address)
        if len(self.actions) + len(actions) <= TRANSACTION_ACTIONS_MAX:
            return actions
        with trail.kept_out():
            apart = Transaction(self.client, self.at, actions)
            with suppress(ConditionFailedError):  # an earlier try has recorded it
                apart.commit(Deadline(ROW_SECONDS_MAX), sends_max=ROW_SENDS_MAX)
        return []

    def _send(self, record: Sequence[Any]) -> None:
        """Write a single row by itself: alone it is as whole as in a transaction, and costs half.

        Unlike a transaction with its token, a put that the SDK sends again meets itself where only its answer
        was lost. Then its outcome is unknown, and the fresh read that follows finds what has happened.
        """
        match [*self.actions, *record]:
            case [{"Put": {"ConditionExpression": _} as put}]:
                self.client.put_item(**put)
            case actions:
                self.client.transact_write_items(TransactItems=actions, ClientRequestToken=self.token)


def until_clear(attempt: Callable[[], T], deadline: Deadline) -> T:
    """Run an operation that reads, decides and writes, until it is clear what came of it.

    A failed condition means that others changed what was read, an unknown outcome that the write itself may
    have happened. Either way a fresh read tells, so the operation starts again from its read.

    Raises
    ------
    ConflictError
        ``conflict``: others were faster at each of :data:`ATTEMPTS_MAX` attempts; nothing was written.
    TryAgainError
        ``try_again``: an outcome stayed unknown until the attempts or the time were used up.
    """
    known = True
    for tried in range(ATTEMPTS_MAX):
        try:
            return attempt()
        except ConditionFailedError:
            pass
        except OutcomeUnknownError:
            known = False
        except RefusalError as refusal:
            if known:
                raise
            # An earlier write may still arrive: a refusal would say that nothing has happened.
            raise busy() from refusal
        if not deadline.seconds_left():
            break
        _full_jitter(tried, deadline)
    raise _contended() if known else busy()


def _between(table: str, partition: tuple[str, str], sort: str, span: Span) -> dict[str, Any]:
    """Return what a query says that reads one partition between two values of its sort key, both with it."""
    return {
        "TableName": table,
        "KeyConditionExpression": "#partition = :partition AND #sort BETWEEN :lowest AND :highest",
        "ExpressionAttributeNames": {"#partition": partition[0], "#sort": sort},
        "ExpressionAttributeValues": to_item(
            {":partition": partition[1], ":lowest": span[0], ":highest": span[1]}
        ),
    }


def _legible(item: Mapping[str, Any]) -> Row:
    """Read a row as far as it can be read: whole, or its texts, of which its key consists."""
    try:
        return from_item(item)
    except (TypeError, ValueError):
        return {name: attribute["S"] for name, attribute in item.items() if "S" in attribute}


def _conditioned(
    table: str, condition: str, values: Mapping[str, Any], expression: str = ""
) -> dict[str, Any]:
    """Return what every action has: its table, its condition, and the row back if that does not hold."""
    action: dict[str, Any] = {
        "TableName": table,
        "ExpressionAttributeNames": _names(expression, condition),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    if condition:
        action["ConditionExpression"] = condition
    if values:
        action["ExpressionAttributeValues"] = to_item(values)
    return action


def _names(*expressions: str) -> dict[str, str]:
    """Return the attribute names that expressions use as ``#name``."""
    return {f"#{name}": name for text in expressions for name in re.findall(r"#(\w+)", text)}


def _puts_of_record(table: str, record: Row, address: Row) -> list[Any]:
    """Return the actions that put a new record, and from where it was asked for."""
    condition = "attribute_not_exists(#audit_id)"
    new = {"ConditionExpression": condition, "ExpressionAttributeNames": _names(condition)}
    return [
        {"Put": {"TableName": table, "Item": to_item(record), **new}},
        {"Put": {"TableName": table, "Item": to_item(address)}},
    ]


def _is_recorded(error: ClientError, actions: int) -> bool:
    """Tell whether a transaction of so many actions failed only because it had been recorded before.

    It is one that may be written again, whatever is there: it states what it has stated.
    """
    codes = [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])]
    failed = [place for place, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    return failed == [actions]


def _why_again(error: ClientError, actions: int) -> ConflictError | TryAgainError:
    """Return what to answer if sending a transaction again does not help; raise if it cannot help.

    Of its reasons only those count that its own actions have, and not those of its record.
    """
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons: list[Any] = error.response["CancellationReasons"][:actions]
        codes = [reason.get("Code", "None") for reason in reasons]
        if "ConditionalCheckFailed" in codes:
            raise ConditionFailedError(
                [from_item(reason["Item"]) if reason.get("Item") else None for reason in reasons]
            ) from error
        causes = set(codes) - {"None"}
        if causes <= _THROTTLES:
            return busy()
        if causes <= _CONFLICTS | _THROTTLES:
            return _contended()
    elif code == _CONDITION_FAILED_CODE:
        if error.response["ResponseMetadata"].get("RetryAttempts"):
            raise OutcomeUnknownError from error  # a put that was sent before may have met itself
        row: Any = error.response.get("Item")
        raise ConditionFailedError([from_item(row) if row else None]) from error
    elif code == _ROW_CONFLICT_CODE:
        return _contended()
    elif code == "TransactionInProgressException" or code in _THROTTLE_CODES:
        return busy()
    elif error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR_STATUS:
        raise OutcomeUnknownError from error
    raise error


def _in_the_way(error: ClientError, actions: int) -> list[int]:
    """Return those of so many actions of a cancelled transaction whose rows other transactions had."""
    reasons: list[Any] = error.response.get("CancellationReasons", [])[:actions]
    return [action for action, reason in enumerate(reasons) if reason.get("Code") in _CONFLICTS]


@contextmanager
def repeatable() -> Iterator[None]:
    """Turn a failed call that can always be sent again, a read above all, into 503."""
    try:
        yield
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= _SERVER_ERROR_STATUS or error.response["Error"]["Code"] in _THROTTLE_CODES:
            raise busy() from error
        raise
    except (ConnectionError, HTTPClientError) as error:
        raise busy() from error


def _once_free(write: Callable[[], T]) -> T:
    """Write a single row, again while a transaction that is under way has it.

    Raises
    ------
    TryAgainError
        ``try_again``: it was not free at any of :data:`ROW_SENDS_MAX` sends, or as :func:`repeatable` says.
    """
    deadline = Deadline(ROW_SECONDS_MAX)
    for sent in range(1, ROW_SENDS_MAX + 1):
        try:
            with repeatable():
                return write()
        except ClientError as error:
            if error.response["Error"]["Code"] != _ROW_CONFLICT_CODE:
                raise
            _full_jitter(sent, deadline)
    raise busy()


def _held(write: Callable[[], object]) -> bool:
    """Write a single row on a condition, as :func:`_once_free` does; return whether the condition held.

    The refusal is known by its code: the client makes its exceptions' classes at first use, and two threads
    may each make their own.
    """
    try:
        _once_free(write)
    except ClientError as error:
        if error.response["Error"]["Code"] != _CONDITION_FAILED_CODE:
            raise
        return False
    return True


def take_turns(tried: int, deadline: Deadline) -> None:
    """Wait a random while before something is tried again that others are in the way of."""
    _full_jitter(tried, deadline)


def _full_jitter(sent: int, deadline: Deadline) -> None:
    """Wait before another send: a random share of an exponentially growing span, within the time left."""
    span = min(BACKOFF_CAP_SECONDS, BACKOFF_BASE_SECONDS * 2**sent, deadline.seconds_left())
    time.sleep(random.uniform(0, span))  # noqa: S311 - jitter, not a secret


def _contended() -> ConflictError:
    return ConflictError("conflict", "Other requests change the same things; send the same request again.")


def busy() -> TryAgainError:
    """Return the refusal of what may be sent again a moment later."""
    return TryAgainError("try_again", "The service is busy; send the same request again.")
