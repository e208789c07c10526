"""Which products an offer counts, as it is asked for and answered."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from functions.domain.scope import Scope
from functions.platform.shapes import BRANCH, Answer, Request, Sku

SCOPE_SKUS_MAX = 200


def each_once(entries: list[str]) -> list[str]:
    """Refuse a list in which something stands twice."""
    if len(set(entries)) != len(entries):
        raise ValueError("an entry may stand once")
    return entries


Skus = Annotated[list[Sku], Field(min_length=1, max_length=SCOPE_SKUS_MAX), AfterValidator(each_once)]


def _true(value: Any) -> Any:
    """Refuse what Python takes for true, and JSON does not: the number 1."""
    if value is not True:
        raise ValueError("must be true")
    return value


IsTrue = Annotated[Literal[True], BeforeValidator(_true)]


class SkusScopeRequest(Request):
    """Products by their skus."""

    skus: Skus


class ZoneScopeRequest(Request):
    """The products of the member zone."""

    zone: IsTrue


class AllScopeRequest(Request):
    """All products."""

    all: IsTrue


def _branch(value: Any) -> str:
    named = value if isinstance(value, Mapping) else {}
    return BRANCH + next((name for name in ("skus", "zone", "all") if name in named), "skus")


ScopeTold = Annotated[
    Annotated[SkusScopeRequest, Tag(BRANCH + "skus")]
    | Annotated[ZoneScopeRequest, Tag(BRANCH + "zone")]
    | Annotated[AllScopeRequest, Tag(BRANCH + "all")],
    Discriminator(_branch),
]
"""One of the three."""


def _is_none(value: object) -> bool:
    return value is None


class ScopeAnswer(Answer):
    """Which products an offer counts: by sku, those of the zone, or all."""

    skus: list[str] | None = Field(default=None, exclude_if=_is_none)
    zone: Literal[True] | None = Field(default=None, exclude_if=_is_none)
    all: Literal[True] | None = Field(default=None, exclude_if=_is_none)


def scope_of(
    told: SkusScopeRequest | ZoneScopeRequest | AllScopeRequest, except_skus: list[str] | None
) -> Scope:
    """Return the scope that is asked for, less what it leaves out."""
    left_out = frozenset(except_skus or ())
    if isinstance(told, SkusScopeRequest):
        return Scope(skus=frozenset(told.skus), except_skus=left_out)
    if isinstance(told, ZoneScopeRequest):
        return Scope(zone=True, except_skus=left_out)
    return Scope(everything=True, except_skus=left_out)


def scope_answer(scope: Scope) -> ScopeAnswer:
    """Show a scope; what it leaves out stands beside it."""
    if scope.skus is not None:
        return ScopeAnswer(skus=sorted(scope.skus))
    return ScopeAnswer(zone=True) if scope.zone else ScopeAnswer(all=True)
