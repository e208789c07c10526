"""Tables within this process that answer what the programme asks of DynamoDB, in tens of microseconds.

They know the operations and expressions that the programme sends, and refuse any other. A test asks
MiniStack's emulator the same calls and compares the answers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.support import tables

Json = dict[str, Any]
Item = Mapping[str, Any]
Test = Callable[[Item, Mapping[str, str], Item], bool]
Operand = Callable[[Item, Mapping[str, str], Item], Any]
TOKEN_SECONDS = 600
_TOKENS = re.compile(r"\s*(#\w+|:\w+|\w+|<>|<=|>=|[=<>(),+-])")


class RefusedError(Exception):
    """DynamoDB refuses a call; ``body`` is its answer."""

    def __init__(self, body: Json) -> None:
        super().__init__(body["__type"])
        self.body = body


class _Parser:
    """Reads a condition into what tells whether a row meets it."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKENS.findall(text)
        if "".join(self._tokens) != re.sub(r"\s", "", text):
            raise ValueError(f"an expression of another form: {text}")
        self._place = 0

    def condition(self) -> Test:
        """Return all of it."""
        found = self._either()
        if self._place != len(self._tokens):
            raise ValueError(f"more than an expression: {self._tokens}")
        return found

    def _next(self) -> str:
        self._place += 1
        return str(self._tokens[self._place - 1])

    def _takes(self, word: str) -> bool:
        if self._place < len(self._tokens) and self._tokens[self._place] == word:
            self._place += 1
            return True
        return False

    def _wants(self, word: str) -> None:
        if not self._takes(word):
            raise ValueError(f"{word} is wanted: {self._tokens}")

    def _either(self) -> Test:
        tests = [self._both()]
        while self._takes("OR"):
            tests.append(self._both())
        if len(tests) == 1:
            return tests[0]
        return lambda item, names, values: any(test(item, names, values) for test in tests)

    def _both(self) -> Test:
        tests = [self._atom()]
        while self._takes("AND"):
            tests.append(self._atom())
        if len(tests) == 1:
            return tests[0]
        return lambda item, names, values: all(test(item, names, values) for test in tests)

    def _atom(self) -> Test:
        if self._takes("NOT"):
            test = self._atom()
            return lambda item, names, values: not test(item, names, values)
        if self._takes("("):
            test = self._either()
            self._wants(")")
            return test
        word = self._next()
        if word in ("attribute_exists", "attribute_not_exists"):
            self._wants("(")
            name = self._next()
            self._wants(")")
            wanted = word == "attribute_exists"
            return lambda item, names, values: (names[name] in item) is wanted
        if word == "begins_with":
            self._wants("(")
            name = self._next()
            self._wants(",")
            value = self._next()
            self._wants(")")
            return lambda item, names, values: (
                names[name] in item and item[names[name]].get("S", "").startswith(values[value]["S"])
            )
        left = _operand(word)
        operator = self._next()
        if operator == "BETWEEN":
            low = _operand(self._next())
            self._wants("AND")
            high = _operand(self._next())
            return lambda item, names, values: (
                _compares(left(item, names, values), ">=", low(item, names, values))
                and _compares(left(item, names, values), "<=", high(item, names, values))
            )
        right = _operand(self._next())
        return lambda item, names, values: _compares(
            left(item, names, values), operator, right(item, names, values)
        )


def _operand(word: str) -> Operand:
    if word.startswith(":"):
        return lambda item, names, values: values[word]
    if word.startswith("#"):
        return lambda item, names, values: item.get(names[word])
    raise ValueError(f"an operand of another form: {word}")


def _compares(left: Any, operator: str, right: Any) -> bool:
    if left is None or right is None:
        return operator == "<>"
    ((kind, one),) = left.items()
    ((other_kind, other),) = right.items()
    if operator in ("=", "<>"):
        same = kind == other_kind and (int(one) == int(other) if kind == "N" else one == other)
        return same is (operator == "=")
    if kind != other_kind or kind not in ("S", "N"):
        return False
    if kind == "N":
        one, other = int(one), int(other)
    match operator:
        case "<":
            return bool(one < other)
        case "<=":
            return bool(one <= other)
        case ">":
            return bool(one > other)
        case ">=":
            return bool(one >= other)
    raise ValueError(f"an operator of another form: {operator}")


@cache
def _condition(text: str) -> Test:
    return _Parser(text).condition()


Change = Callable[[Json, Item, Mapping[str, str], Item], None]
_CLAUSES = re.compile(r"\b(SET|REMOVE|ADD)\b")
_SET = re.compile(r"(#\w+) = (?:(:\w+)|if_not_exists\((#\w+), (:\w+)\)|(#\w+) ([+-]) (:\w+))")


@cache
def _update(text: str) -> tuple[Change, ...]:
    """Return what an update expression does: each change of the row, from how it was."""
    found: list[Change] = []
    first, *parts = _CLAUSES.split(text)
    if first.strip():
        raise ValueError(f"an update of another form: {text}")
    for clause, body in zip(parts[::2], parts[1::2], strict=True):
        for part in re.split(r",(?![^(]*\))", body):
            found.append(_clause(clause, part.strip()))
    return tuple(found)


def _clause(clause: str, part: str) -> Change:
    if clause == "REMOVE":
        if re.fullmatch(r"#\w+", part) is None:
            raise ValueError(f"an update of another form: {part}")

        def remove(row: Json, before: Item, names: Mapping[str, str], values: Item) -> None:
            row.pop(names[part], None)

        return remove
    if clause == "ADD":
        name, value = part.split(" ")

        def add(row: Json, before: Item, names: Mapping[str, str], values: Item) -> None:
            number = int(before.get(names[name], {"N": "0"})["N"]) + int(values[value]["N"])
            row[names[name]] = {"N": str(number)}

        return add
    match = _SET.fullmatch(part)
    if match is None:
        raise ValueError(f"an update of another form: {part}")
    name, plain, unless, default, of, sign, more = match.groups()

    def change(row: Json, before: Item, names: Mapping[str, str], values: Item) -> None:
        if plain:
            row[names[name]] = values[plain]
        elif unless:
            row[names[name]] = before.get(names[unless], values[default])
        else:
            other = int(values[more]["N"]) * (1 if sign == "+" else -1)
            row[names[name]] = {"N": str(int(before[names[of]]["N"]) + other)}

    return change


@dataclass
class _Table:
    partition_key: str
    indexes: Mapping[str, tuple[str, str]]
    rows: dict[str, dict[str, Json]] = field(default_factory=dict)

    def at(self, key: Item) -> tuple[str, str]:
        return key[self.partition_key]["S"], key["item"]["S"]

    def get(self, partition: str, item: str) -> Json | None:
        return self.rows.get(partition, {}).get(item)


class MemoryTables:
    """The programme's tables, empty; ``on_change`` is told of each record of their streams."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.on_change: Callable[[str, Json], None] = lambda table, record: None
        self.tables = {
            name: _Table(key, tables.INDEXES.get(name, {})) for name, key in tables.PARTITION_KEYS.items()
        }
        self._tokens: dict[str, float] = {}
        self._number = 0
        self._operations: Mapping[str, Callable[[Json], Json]] = {
            "GetItem": self._get_item,
            "BatchGetItem": self._batch_get_item,
            "Query": self._query,
            "PutItem": self._put_item,
            "UpdateItem": self._update_item,
            "TransactWriteItems": self._transact_write_items,
        }

    def do(self, operation: str, sent: Json) -> Json:
        """Carry out a call.

        Raises
        ------
        RefusedError
            DynamoDB refuses it.
        KeyError, ValueError
            The call is of a form that is not known here.
        """
        return self._operations[operation](sent)

    # --- beside all calls ---

    def row(self, table: str, partition: str, item: str) -> Json | None:
        """Return a row in the form that it is stored in, or None."""
        return self.tables[table].get(partition, item)

    def items(self, table: str) -> Iterator[Json]:
        """Give all rows of a table in the form that they are stored in."""
        for rows in list(self.tables[table].rows.values()):
            yield from list(rows.values())

    def set(self, table: str, key: Item, item: Json | None) -> None:
        """Put a row, or take it away, and say nothing of it."""
        of = self.tables[table]
        partition, sort = of.at(key)
        if item is None:
            of.rows.get(partition, {}).pop(sort, None)
        else:
            of.rows.setdefault(partition, {})[sort] = item

    def saved(self) -> Mapping[str, Mapping[str, Mapping[str, Json]]]:
        """Return all rows, to begin from them again."""
        return {
            name: {partition: dict(rows) for partition, rows in of.rows.items()}
            for name, of in self.tables.items()
        }

    def begin_from(self, saved: Mapping[str, Mapping[str, Mapping[str, Json]]]) -> None:
        """Hold these rows and no others; a row is never changed, only put anew."""
        for name, of in self.tables.items():
            of.rows = {partition: dict(rows) for partition, rows in saved[name].items()}
        self._tokens.clear()
        self._number = 0

    # --- operations ---

    def _get_item(self, sent: Json) -> Json:
        of = self.tables[sent["TableName"]]
        found = of.get(*of.at(sent["Key"]))
        return {} if found is None else {"Item": found}

    def _batch_get_item(self, sent: Json) -> Json:
        answer: Json = {}
        for name, asked in sent["RequestItems"].items():
            of = self.tables[name]
            rows = [of.get(*of.at(key)) for key in asked["Keys"]]
            answer[name] = [row for row in rows if row is not None]
        return {"Responses": answer, "UnprocessedKeys": {}}

    def _query(self, sent: Json) -> Json:
        if "FilterExpression" in sent or "ProjectionExpression" in sent:
            raise ValueError("a query of another form")
        of = self.tables[sent["TableName"]]
        test = _condition(sent["KeyConditionExpression"])
        names, values = sent["ExpressionAttributeNames"], sent["ExpressionAttributeValues"]
        index = sent.get("IndexName")
        if index is None:
            keys: tuple[str, ...] = ("item",)
            rows = of.rows.get(values[":partition"]["S"], {}).values()
            found = [row for row in rows if test(row, names, values)]
        else:
            hashed, ranged = of.indexes[index]
            keys = (ranged, of.partition_key, "item")
            wanted = dict.fromkeys((of.partition_key, "item", hashed, ranged))
            found = [
                {name: row[name] for name in wanted}
                for rows in of.rows.values()
                for row in rows.values()
                if hashed in row and ranged in row and test(row, names, values)
            ]

        def place(row: Item) -> tuple[str, ...]:
            return tuple(row[name]["S"] for name in keys)

        backwards = not sent.get("ScanIndexForward", True)
        found.sort(key=place, reverse=backwards)
        after = sent.get("ExclusiveStartKey")
        if after is not None:
            start = place(after)
            found = [row for row in found if (place(row) < start if backwards else place(row) > start)]
        limit = sent.get("Limit", len(found))
        answer: Json = {"Items": found[:limit], "Count": len(found[:limit])}
        if found and len(found) >= limit and "Limit" in sent:
            last = found[limit - 1]
            named = {of.partition_key, "item", *(of.indexes[index] if index else ())}
            answer["LastEvaluatedKey"] = {name: last[name] for name in named}
        return answer

    def _put_item(self, sent: Json) -> Json:
        of = self.tables[sent["TableName"]]
        before = of.get(*of.at(sent["Item"]))
        self._check(sent, before)
        self._write(sent["TableName"], before, sent["Item"])
        return {}

    def _update_item(self, sent: Json) -> Json:
        of = self.tables[sent["TableName"]]
        before = of.get(*of.at(sent["Key"]))
        self._check(sent, before)
        self._write(sent["TableName"], before, self._updated(sent, before))
        old = sent.get("ReturnValues") == "ALL_OLD" and before
        return {"Attributes": before} if old else {}

    def _transact_write_items(self, sent: Json) -> Json:
        token = sent.get("ClientRequestToken", "")
        if token in self._tokens and self._now() < self._tokens[token] + TOKEN_SECONDS:
            return {}
        reasons: list[Json] = []
        writes: list[tuple[str, Json | None, Json]] = []
        seen: set[tuple[str, str, str]] = set()
        for action in sent["TransactItems"]:
            ((kind, what),) = action.items()
            of = self.tables[what["TableName"]]
            at = of.at(what["Item" if kind == "Put" else "Key"])
            if (what["TableName"], *at) in seen:
                raise ValueError("a transaction with two actions on a row")
            seen.add((what["TableName"], *at))
            before = of.get(*at)
            if not self._holds(what, before):
                reason: Json = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
                if before is not None and what.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                    reason["Item"] = before
                reasons.append(reason)
                continue
            reasons.append({"Code": "None"})
            if kind == "Put":
                writes.append((what["TableName"], before, what["Item"]))
            elif kind == "Update":
                writes.append((what["TableName"], before, self._updated(what, before)))
            elif kind != "ConditionCheck":
                raise ValueError(f"an action of another form: {kind}")
        if any(each["Code"] != "None" for each in reasons):
            raise RefusedError({"__type": "TransactionCanceledException", "CancellationReasons": reasons})
        for table, before, after in writes:
            self._write(table, before, after)
        self._tokens[token] = self._now()
        return {}

    def _check(self, sent: Json, before: Json | None) -> None:
        if not self._holds(sent, before):
            body: Json = {"__type": "ConditionalCheckFailedException"}
            if before is not None and sent.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD":
                body["Item"] = before
            raise RefusedError(body)

    @staticmethod
    def _holds(sent: Json, before: Json | None) -> bool:
        text = sent.get("ConditionExpression")
        if not text:
            return True
        names = sent.get("ExpressionAttributeNames", {})
        return _condition(text)(before or {}, names, sent.get("ExpressionAttributeValues", {}))

    @staticmethod
    def _updated(sent: Json, before: Json | None) -> Json:
        row = dict(before or sent["Key"])
        names, values = sent["ExpressionAttributeNames"], sent.get("ExpressionAttributeValues", {})
        for change in _update(sent["UpdateExpression"]):
            change(row, before or {}, names, values)
        return row

    def _write(self, table: str, before: Json | None, after: Json) -> None:
        self.set(table, after, after)
        if before == after:
            return  # as in AWS, it has no record
        self._number += 1
        key = self.tables[table].partition_key
        change: Json = {
            "Keys": {key: after[key], "item": after["item"]},
            "NewImage": after,
            "SequenceNumber": f"{self._number:021}",
            "ApproximateCreationDateTime": int(self._now()),
        }
        if before is not None:
            change["OldImage"] = before
        self.on_change(table, {"eventName": "MODIFY" if before else "INSERT", "dynamodb": change})
