"""Finds the safeguards in the code, and says how each is taken out: a mutant is one small change of one file.

Nothing is listed by hand. A site is recognised by its form, so that code written later is found as well.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

KINDS = ("condition", "version", "key", "rounding", "guard")
"""Where two kinds make the same mutant, it is of the one that stands first."""
FRESH = '__import__("uuid").uuid4().hex'
"""An id that nobody has seen before."""
TRUE, FALSE = "attribute_not_exists(#never_set)", "attribute_exists(#never_set)"
"""Conditions that always hold, and never do: a term is neutralised by them, not cut out, because DynamoDB
refuses a request with values that no expression uses."""
COUNTERS = {"version": "version", "posted": "version", "entries": "key"}
"""Numbers that count what has been written, and the kind that their counting is of."""
SEEN = frozenset({"version", "policy_version", "posted", "replaces"})
"""What tells how much of something has been seen."""
DERIVED = re.compile(r"(?:.*\.)?((order|entry|event|coupon)_id|fingerprint)")
SPENDS = re.compile(r"(?:.*\.)?(\w+_)?key")
REPEAT = re.compile(
    r"\b(spent|earlier|placed|_?replayed|_?repeated|_adjusted|\w*reused|contents|forgotten|erased_at)\b"
    r"|\.(request|order) (!=|is not None)"
)
"""How code reads that finds what it is asked for done already."""
WITHOUT_GUARDS = re.compile(
    r"functions/(domain|operations|platform/(?!dynamo|fanout|runs|identities))"
    r"|(schema|metrics|audit|api|face|events|export|qualification)\.py$"
)
"""Where an ``if`` decides nothing about a row's state: the shapes of requests and answers, rules of the
policy, logs, what an audit compares, what the outside is told."""
WORDS = re.compile(r"_why_\w+")
"""Functions that only say in words what was decided."""
WITHOUT_ROUNDING = re.compile(r"functions/(platform|operations)/")
_FIELD = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}")
_PUT_ARGUMENTS = 4
"""Of ``Transaction._put``: table, row, condition, values."""
_WHAT_CHARACTERS_MAX = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One safeguard and one way to take it out: the text from ``start`` to ``end`` becomes ``new``."""

    kind: str
    path: str
    line: int
    last_line: int
    function: str
    what: str
    start: int
    end: int
    old: str
    new: str

    @property
    def key(self) -> str:
        """What the site is called wherever in its file it stands."""
        return f"{self.path} {self.function}: {self.what}"

    @property
    def name(self) -> str:
        """What the site is called, with its line."""
        return f"{self.path}:{self.line} {self.function}: {self.what}"

    @property
    def change(self) -> str:
        """The mutant as a difference in one line."""
        return f"{squeezed(self.old)}  =>  {squeezed(self.new)}"

    def mutant(self, text: str) -> str:
        """Return the file's text without this safeguard."""
        if text[self.start : self.end] != self.old:
            raise ValueError(f"{self.path} is not the text that {self.name} was found in")
        return text[: self.start] + self.new + text[self.end :]


def find_all(root: Path) -> list[Site]:
    """Return the sites of all code under ``functions``, file by file."""
    files = sorted((root / "functions").rglob("*.py"))
    return [
        site
        for file in files
        for site in find(file.relative_to(root).as_posix(), file.read_text(encoding="utf-8"))
    ]


def find(path: str, text: str) -> list[Site]:
    """Return the sites of one file, in the order in which they stand; no two make the same mutant."""
    source = _Source(path, text)
    finders: tuple[Callable[[_Source], Iterator[Site]], ...] = (
        _conditions,
        _versions,
        _keys,
        _roundings,
        _guards,
    )
    once: dict[tuple[int, int, str], Site] = {}
    for finder in finders:
        for site in finder(source):
            if site.new != site.old:
                once.setdefault((site.start, site.end, site.new), site)
    found: list[Site] = []
    named: Counter[str] = Counter()
    for site in sorted(once.values(), key=lambda each: (each.start, each.end)):
        named[site.key] += 1
        again = named[site.key]
        found.append(replace(site, what=f"{site.what} ({again})") if again > 1 else site)
    return found


def squeezed(text: str) -> str:
    """Return a text on one line."""
    return re.sub(r"\s+", " ", text).strip()


@dataclass(frozen=True)
class _Source:
    """A file's text, its syntax tree, and where in the text each node stands."""

    path: str
    text: str
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, but for those inside of texts with fields, whose places Python 3.11 does not tell."""
        found: list[ast.AST] = []
        waiting: list[ast.AST] = [ast.parse(self.text)]
        while waiting:
            node = waiting.pop()
            found.append(node)
            if isinstance(node, ast.JoinedStr):
                continue
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node
                waiting.append(child)
        return found

    @cached_property
    def _lines(self) -> list[tuple[int, bytes]]:
        starts, start = [], 0
        for line in self.text.splitlines(keepends=True):
            starts.append((start, line.encode()))
            start += len(line)
        return starts

    def _offset(self, line: int, column: int) -> int:
        start, encoded = self._lines[line - 1]
        return start + len(encoded[:column].decode())

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Return where a node's text begins and ends."""
        assert node.end_lineno is not None  # noqa: S101 - parsed nodes have one
        assert node.end_col_offset is not None  # noqa: S101
        return (
            self._offset(node.lineno, node.col_offset),
            self._offset(node.end_lineno, node.end_col_offset),
        )

    def of(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """Return a node's text."""
        start, end = self.span(node)
        return self.text[start:end]

    def enclosing(self, node: ast.AST, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Give what a node stands in, from the inside out, as far as it is of these kinds."""
        self.nodes  # noqa: B018 - fills the parents
        above = self.parents.get(node)
        while above is not None:
            if isinstance(above, kinds):
                yield above
            above = self.parents.get(above)

    def function(self, node: ast.AST) -> str:
        """Return the name of the function that a node stands in, after those around it."""
        names = [
            above.name
            for above in self.enclosing(node, ast.FunctionDef, ast.ClassDef)
            if isinstance(above, ast.FunctionDef)
        ]
        return ".".join(reversed(names)) or "module"

    def site(self, kind: str, node: ast.expr | ast.stmt, what: str, new: str) -> Site:
        """Return the site whose mutant has another text for a node."""
        start, end = self.span(node)
        return self.cut(kind, node, what, start, end, new)

    def cut(self, kind: str, node: ast.expr | ast.stmt, what: str, start: int, end: int, new: str) -> Site:
        """Return the site whose mutant has another text from a place to another; ``node`` tells the lines."""
        short = squeezed(what)
        if len(short) > _WHAT_CHARACTERS_MAX:
            short = short[: _WHAT_CHARACTERS_MAX - 3] + "..."
        return Site(
            kind=kind,
            path=self.path,
            line=self.text.count("\n", 0, start) + 1,
            last_line=self.text.count("\n", 0, end) + 1,
            function=self.function(node),
            what=short,
            start=start,
            end=end,
            old=self.text[start:end],
            new=new,
        )


def _calls(source: _Source) -> Iterator[tuple[ast.Call, str, str]]:
    """Give each call with the name of what is called, and with what stands before its last dot."""
    for node in source.nodes:
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(value=receiver, attr=name):
                    yield node, name, source.of(receiver)
                case ast.Name(id=name):
                    yield node, name, ""


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


# Conditions, and the version checks among them


def _conditions(source: _Source) -> Iterator[Site]:
    yield from _unconditional_calls(source)
    for text in _condition_texts(source):
        yield from _terms(source, text)
    for node in source.nodes:
        if isinstance(node, ast.Constant | ast.JoinedStr) and "if_not_exists(" in source.of(node):
            new = re.sub(r"if_not_exists\([^,]*, ([^()]*)\)", r"\1", source.of(node))
            yield source.site("condition", node, f"{source.of(node)} always set", new)


def _unconditional_calls(source: _Source) -> Iterator[Site]:
    """Give each call that writes under a condition, as one that writes without."""
    for call, name, receiver in _calls(source):
        on_tables = receiver.endswith("tables")
        given = ", ".join(source.of(each) for each in call.args)
        shown = f"{name}({given})"
        if name == "put_new" and on_tables:
            yield source.site(
                "condition", call, f"{shown} over what is there", f"({receiver}.put({given}) is None)"
            )
        elif name == "put_newer" and on_tables:
            yield source.site("condition", call, f"{shown} over what is newer", f"{receiver}.put({given})")
        elif name in ("put_new", "put_over", "put_version") and receiver:
            kind = "version" if name == "put_version" else "condition"
            new = f'{receiver}._put({given}, "{TRUE}", {{}})'
            yield source.site(kind, call, f"{shown} without its condition", new)
        elif name == "require" and _argument(call, "condition") is not None:
            statement = source.parents[call]
            if isinstance(statement, ast.Expr):
                condition = _argument(call, "condition")
                asked = source.of(condition) if condition is not None else ""
                yield source.site("condition", statement, f"require {asked}", "pass")


def _condition_texts(source: _Source) -> Iterator[ast.expr]:
    """Give the texts and variables that become condition expressions, each once."""
    asked: list[ast.expr] = []
    for node in source.nodes:
        if isinstance(node, ast.Call):
            of_name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            for name in ("condition", "ConditionExpression"):
                value = _argument(node, name)
                if value is not None:
                    asked.append(value)
            if of_name == "_put" and len(node.args) == _PUT_ARGUMENTS:
                asked.append(node.args[2])
        elif isinstance(node, ast.Dict):
            asked += [
                value
                for name, value in zip(node.keys, node.values, strict=True)
                if isinstance(name, ast.Constant) and name.value == "ConditionExpression"
            ]
    once: dict[int, ast.expr] = {}
    for value in asked:
        for text in _meant(source, value):
            once.setdefault(id(text), text)
    yield from once.values()


def _meant(source: _Source, value: ast.expr) -> list[ast.expr]:
    """Return what a variable is set to in its function, or the variable where that is a parameter of it."""
    if not isinstance(value, ast.Name):
        return [value]
    function = next(source.enclosing(value, ast.FunctionDef), None)
    if function is None:
        return []
    set_here = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        and any(isinstance(each, ast.Name) and each.id == value.id for each in node.targets)
    ]
    return set_here or [value]


def _terms(source: _Source, node: ast.expr) -> Iterator[Site]:
    """Give a condition without each of its terms: one of several ANDed holds always, of ORed never."""
    text = source.of(node)
    literal = re.fullmatch(r"""(f?)(["'])((?:(?!\2).)*)\2""", text)
    if isinstance(node, ast.Name):
        # Passed on: its names are made from it elsewhere, so that it has to hold by itself.
        yield source.site("condition", node, f"any {text}", f'f"({{{text}}}) OR NOT ({{{text}}})"')
        return
    if literal is None or "#" not in text:
        return
    prefix, quote, body = literal.groups()
    start, _ = source.span(node)
    start += len(prefix) + len(quote)
    word = " OR " if " OR " in body else " AND "
    terms = body.split(word)
    if word == " OR ":
        new = f"({body}) OR {TRUE}"
        yield source.cut("condition", node, f"all of {body}", start, start + len(body), new)
    for term in terms:
        kind = "version" if "#version" in term else "condition"
        never = word == " OR " and len(terms) > 1
        new = f"({term} AND {FALSE})" if never else f"({term} OR {TRUE})"
        yield source.cut(kind, node, term, start, start + len(term), new)
        start += len(term) + len(word)


# Versions, and how much of something has been seen


def _named(node: ast.AST) -> str:
    """Return by which name a value is known: its own, its attribute's, its key's."""
    match node:
        case (
            ast.Name(id=name) | ast.Attribute(attr=name) | ast.Subscript(slice=ast.Constant(value=str(name)))
        ):
            return name
        case ast.Call(func=ast.Name(id="len"), args=[ast.Attribute(attr=name)]):
            return f"len {name}"
        case _:
            return ""


def _versions(source: _Source) -> Iterator[Site]:
    yield from _counters(source, "version")
    for node in source.nodes:
        match node:
            case ast.Compare(left=left, comparators=[right]) if SEEN & {_named(left), _named(right)}:
                for verdict in ("True", "False"):
                    yield source.site("version", node, f"{source.of(node)} is {verdict}", verdict)
            case ast.Call(func=ast.Attribute(attr="lacks")):
                for verdict in ("True", "False"):
                    yield source.site("version", node, f"{source.of(node)} is {verdict}", verdict)
            case ast.BinOp(op=ast.Add(), left=left) if _named(left) == "posted":
                if not isinstance(source.parents[node], ast.Slice):
                    yield source.site("version", node, f"{source.of(node)} not counted", source.of(left))
            case ast.BinOp(op=ast.Sub(), left=left, right=ast.Attribute(value=ast.Name(id="lot"))):
                yield source.site("version", node, f"{source.of(node)} as if none was seen", source.of(left))
            case ast.Slice(lower=ast.expr() as lower) if SEEN & {_named(lower)}:
                yield source.site("version", lower, f"[{source.of(lower)} : ...] from the first", "0")


def _counters(source: _Source, kind: str) -> Iterator[Site]:
    """Give each number that counts what has been written, not counted on."""
    for node in source.nodes:
        match node:
            case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=ast.Constant(value=1)):
                if COUNTERS.get(_named(left)) == kind:
                    yield source.site(kind, node, f"{source.of(node)} not counted", source.of(left))


# Keys: derived ids, rows that ids are spent on, and what recognises a repeat


def _keys(source: _Source) -> Iterator[Site]:
    yield from _counters(source, "key")
    for call, name, receiver in _calls(source):
        called = f"{receiver}.{name}" if receiver else name
        token = _argument(call, "ClientRequestToken")
        if token is not None:
            yield source.site("key", token, "ClientRequestToken: fresh with every send", FRESH)
        if name == "_derive":
            yield from _without_each(source, call, call.args[1:])
        elif DERIVED.fullmatch(called) and call.args:
            yield source.site("key", call.args[0], f"{source.of(call)}: fresh", FRESH)
            if name == "fingerprint":
                yield from _without_each(source, call, call.args)
        elif SPENDS.fullmatch(called):
            yield from _spent(source, call)
    for node in source.nodes:
        match node:
            case ast.Compare(ops=[ast.NotEq() | ast.Eq()], left=left, comparators=[ast.Tuple(elts=elements)]):
                for place, element in enumerate(elements):
                    what = f"{source.of(node)}: {source.of(element)} not compared"
                    yield source.site("key", element, what, f"({source.of(left)})[{place}]")
            case ast.If() if _is_repeat(source, node):
                yield from _branch(source, node, "key")
        if isinstance(node, ast.If) and _looks_again(source, node):
            what = f"if {source.of(node.test)}: the repeat not recognised"
            yield source.site("key", node.test, what, "True")


def _without_each(source: _Source, call: ast.Call, parts: Sequence[ast.expr]) -> Iterator[Site]:
    for part in parts:
        text = source.of(part)
        new = "*()" if isinstance(part, ast.Starred) else '""'
        yield source.site("key", part, f"{source.of(call)}: {text} left out", new)


def _spent(source: _Source, call: ast.Call) -> Iterator[Site]:
    """Give the key of a row without what tells it from others: an id made up anew, a part left out."""
    for argument in call.args:
        if isinstance(argument, ast.JoinedStr):
            start, _ = source.span(argument)
            for part in _FIELD.finditer(source.of(argument)):
                if not re.fullmatch(r"\{_?[A-Z_]+\}", part[0]):
                    what = f"{source.of(call)}: {part[0]} left out"
                    yield source.cut("key", argument, what, start + part.start(), start + part.end(), "")
        if isinstance(argument, ast.BinOp):
            identity = argument.right
        elif source.of(call.func).endswith("_key") and argument is call.args[-1]:
            identity = argument
        else:
            continue
        if _named(identity).endswith("_id"):
            yield source.site("key", identity, f"{source.of(call)}: {source.of(identity)} fresh", FRESH)


def _is_repeat(source: _Source, node: ast.If) -> bool:
    body = source.of(node.body[-1]).splitlines()[0]
    return (
        not WITHOUT_GUARDS.search(source.path) and REPEAT.search(f"{source.of(node.test)} {body}") is not None
    )


def _looks_again(source: _Source, node: ast.If) -> bool:
    """Tell whether this raises again what was refused unless a repeat is found by another look."""
    match node:
        case ast.If(test=ast.Compare(ops=[ast.Is()]), body=[ast.Raise(exc=None)]):
            return any(source.enclosing(node, ast.ExceptHandler))
        case _:
            return False


# Rounding


def _roundings(source: _Source) -> Iterator[Site]:
    if WITHOUT_ROUNDING.search(source.path):
        return
    for node in source.nodes:
        match node:
            case ast.Call(func=ast.Name(id="round_half_up"), args=[amount]):
                text = source.of(amount)
                yield source.site("rounding", node, f"{source.of(node)} down", f"int(({text}) // 1)")
                yield source.site("rounding", node, f"{source.of(node)} up", f"-int(-({text}) // 1)")
            case ast.Call(func=ast.Name(id="Fraction"), args=[over, under]):
                new = f"Fraction(({source.of(over)}) // ({source.of(under)}))"
                yield source.site("rounding", node, f"{source.of(node)} rounded before the end", new)
            case ast.BinOp(op=ast.FloorDiv(), left=left, right=right):
                above, below = source.of(left), source.of(right)
                yield source.site("rounding", node, f"{source.of(node)} up", f"-(-({above}) // ({below}))")
                if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
                    what = f"{source.of(node)} without {source.of(left.right)}"
                    yield source.site("rounding", left, what, source.of(left.left))
                    yield source.site("rounding", left, f"{source.of(node)}: a half down", f"{above} - 1")
            case ast.BinOp(op=ast.Sub(), left=left, right=ast.BinOp(op=ast.Mod())):
                yield source.site("rounding", node, f"{source.of(node)} with the remainder", source.of(left))
            case ast.If(test=ast.BinOp(op=ast.Mod()) as test):
                yield source.site("rounding", test, f"if {source.of(test)} skipped", "False")
            case ast.Call(func=ast.Attribute(attr="replace"), keywords=[ast.keyword(arg="microsecond")]):
                start, end = source.span(node.func)
                whole = source.text[start:end].removesuffix(".replace")
                yield source.site("rounding", node, f"{source.of(node)} not cut to the second", whole)


# Guards: checks of state before anything is written


def _guards(source: _Source) -> Iterator[Site]:
    if WITHOUT_GUARDS.search(source.path):
        return
    for node in source.nodes:
        if WORDS.fullmatch(source.function(node)):
            continue
        match node:
            case ast.If():
                yield from _branch(source, node, "guard")
            case ast.BoolOp(values=operands):
                yield from _operands(source, node, operands)
            case ast.comprehension(ifs=tests):
                for test in tests:
                    if not _of_none(test) and not isinstance(test, ast.BoolOp):
                        yield source.site("guard", test, f"only if {source.of(test)}: all", "True")
            case ast.Assign(value=ast.Compare() as test) | ast.Return(value=ast.Compare() as test):
                for verdict in ("True", "False"):
                    yield source.site("guard", test, f"{source.of(test)} is {verdict}", verdict)


def _branch(source: _Source, node: ast.If, kind: str) -> Iterator[Site]:
    """Give an ``if`` that leaves as one that never does, and any other as one whose body always runs."""
    test = source.of(node.test)
    if isinstance(node.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break):
        leaves = source.of(node.body[-1]).splitlines()[0]
        yield source.site(kind, node.test, f"if {test}: {leaves} skipped", "False")
    else:
        yield source.site(kind, node.test, f"if {test} always", "True")
    if kind == "key" and isinstance(node.test, ast.BoolOp):
        for site in _operands(source, node.test, node.test.values):
            yield replace(site, kind="key")


def _operands(source: _Source, node: ast.BoolOp, operands: Sequence[ast.expr]) -> Iterator[Site]:
    """Give an ``and`` or ``or`` without each operand.

    But not without one that only lets another one be read, or that stands in where the others are nothing.
    """
    neutral = "True" if isinstance(node.op, ast.And) else "False"
    decides = any(isinstance(each, ast.Compare | ast.UnaryOp | ast.BoolOp) for each in operands)
    for operand in operands if decides or neutral == "True" else operands[:-1]:
        read = _of_none(operand)
        if read is not None and any(
            source.of(read) in source.of(other) for other in operands if other is not operand
        ):
            continue
        yield source.site("guard", operand, f"{source.of(node)}: without {source.of(operand)}", neutral)


def _of_none(test: ast.expr) -> ast.expr | None:
    """Return what is compared with None, if that is all that a test does."""
    match test:
        case ast.Compare(left=left, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return left
        case _:
            return None
