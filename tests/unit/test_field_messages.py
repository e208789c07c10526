"""K3: what the API says of a field the pages say in Chinese, and they know no message that it never gives.

The messages are read out of the code that gives them, with ``{}`` where a figure or a name stands; the pages'
table is `web/shared/src/i18n/fields.zh.ts`.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.stack import ROOT

FUNCTIONS = ROOT / "functions"
TABLE = ROOT / "web" / "shared" / "src" / "i18n" / "fields.zh.ts"
SHAPES = ("schema.py", "face.py", "parameters.py", "shapes.py", "scopes.py", "phones.py")
"""Files whose ``ValueError`` is what is wrong with a field; elsewhere it is a fault of ours."""
OURS = frozenset({"settings.py"})
"""What they call faults are those of a deployment."""
NAMES = ("message", "messages")
"""What is said under these names was said by one of the places that are read."""
_ENTRY = re.compile(r"""(?:"([^"]*)"|'([^']*)'):\s*"([^"]*)",""")


def _texts(node: ast.expr, path: Path) -> Iterator[str]:
    """Give the texts that an expression can be, with ``{}`` for what is put into them."""
    match node:
        case ast.Constant(value=str() as text):
            yield re.sub(r"\{\w+\}", "{}", text)
        case ast.JoinedStr(values=parts):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)  # type: ignore[misc]
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, path)
            yield from _texts(other, path)
        case ast.Name(id=name) if name not in NAMES:
            yield from _texts(_constant(name, path), path)
        case ast.Name():
            return
        case _:
            raise AssertionError(f"{path}:{node.lineno} says something of a field that no test can read")


def _constant(name: str, path: Path) -> ast.expr:
    """Return what a name of a file stands for, there or where it is imported from."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                return value
            case ast.ImportFrom(module=str() as module, names=names) if name in [each.name for each in names]:
                return _constant(name, ROOT / f"{module.replace('.', '/')}.py")
    raise AssertionError(f"{name} of {path} is no constant")


def _of_pairs(node: ast.expr, path: Path) -> Iterator[str]:
    """Give what is said in the pairs of a field and its message, however they are put together."""
    match node:
        case ast.Tuple(elts=[_, message]):
            yield from _texts(message, path)
        case ast.List(elts=parts):
            for each in parts:
                yield from _of_pairs(each, path)
        case ast.ListComp(elt=each) | ast.GeneratorExp(elt=each) | ast.Starred(value=each):
            yield from _of_pairs(each, path)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            yield from _of_pairs(one, path)
            yield from _of_pairs(other, path)


def _said(path: Path, module: ast.Module) -> Iterator[str]:
    """Give what a file says of fields."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id="invalid_fields"), args=args):
                for each in args:
                    yield from _of_pairs(each, path)
            case ast.Call(func=ast.Name(id="_at_fault"), args=[said]):
                yield from _texts(said, path)
            case ast.Assign(targets=[ast.Name(id="faults")], value=value):
                yield from _of_pairs(value, path)
            case ast.AugAssign(target=ast.Name(id="faults"), value=value):
                yield from _of_pairs(value, path)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="faults"), attr="append"), args=[pair]):
                yield from _of_pairs(pair, path)
            case ast.Return(value=ast.BinOp(left=ast.Name(id="faults"), right=value)):
                yield from _of_pairs(value, path)
            case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"), args=[said])):
                if path.name.endswith(SHAPES):
                    yield from _texts(said, path)


def _words_of_the_library() -> Iterator[str]:
    """Give what is said where a library has found the fault."""
    path = FUNCTIONS / "platform" / "messages.py"
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id="_WORDS" | "_PATTERNS"), value=ast.Dict(values=values)):
                for value in values:
                    yield from _texts(value, path)
            case ast.Assign(targets=[ast.Name(id="_OTHERWISE")], value=value):
                yield from _texts(value, path)
            case ast.FunctionDef(name="message_of"):
                for each in ast.walk(node):
                    if isinstance(each, ast.IfExp) and not isinstance(each.body, ast.Call):
                        yield from _texts(each, path)


@cache
def given() -> frozenset[str]:
    """Return every message that the API gives of a field."""
    found = {
        text
        for path in sorted(FUNCTIONS.rglob("*.py"))
        if path.relative_to(FUNCTIONS).parts[0] != "domain" and path.name not in OURS
        for text in _said(path, ast.parse(path.read_text(encoding="utf-8")))
    }
    return frozenset(found | set(_words_of_the_library()))


@cache
def translated() -> dict[str, str]:
    """Return the pages' table: each message with its Chinese."""
    found = _ENTRY.findall(TABLE.read_text(encoding="utf-8"))
    return {double or single: chinese for double, single, chinese in found}


def test_K3_what_the_api_says_of_a_field_has_its_chinese() -> None:
    assert len(given()) > 60
    assert given() - translated().keys() == set()


def test_K3_the_pages_know_no_message_that_the_api_never_gives() -> None:
    assert translated().keys() - given() == set()


@pytest.mark.parametrize("message", sorted(translated()))
def test_K3_the_chinese_of_a_message_is_chinese_and_says_its_figures(message: str) -> None:
    chinese = translated()[message]
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert chinese.count("{}") == message.count("{}")


def test_K3_no_message_holds_what_two_of_them_are_joined_by_but_one_that_is_said_whole() -> None:
    assert [message for message in sorted(given()) if ", or " in message and "{}" in message] == []
