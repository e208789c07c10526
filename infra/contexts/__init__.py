"""A module for each context, called like its package: the functions that it has, and all that they may do.

Each is a function ``build``, which puts them into a room. :data:`functions.contexts.CONTEXTS` says which
contexts there are.
"""

from importlib import import_module

from functions.contexts import CONTEXTS
from infra.room import Room


def build(room: Room) -> None:
    """Build every context."""
    for context in CONTEXTS:
        import_module(f"{__name__}.{context}").build(room)
