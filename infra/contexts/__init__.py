"""A module for each context, called like its package: the functions that it has, and all that they may do.

Each is a function ``build``, which puts them into a room. :data:`functions.contexts.GROUPS` says which
contexts there are, and in which stack each stands.
"""

from collections.abc import Iterable
from importlib import import_module

from infra.room import Room


def build(contexts: Iterable[str], room: Room) -> None:
    """Build contexts into a room."""
    for context in contexts:
        import_module(f"{__name__}.{context}").build(room)
