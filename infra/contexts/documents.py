"""The API's document, for everybody: no table, no dependency, a bundle of its own."""

from functions.documents.routes import PUBLIC_ROUTES
from infra import bundle
from infra.room import API_TIMEOUT, Room

DOCUMENTS_MAX = 10
"""Requests for the document at once: whoever has no token cannot take the checkout's share."""


def build(room: Room) -> None:
    """Build the function that shows the document."""
    if not room.stage.shows_document:
        return
    function = room.function(
        "DocumentsApi",
        "functions.documents.api.handler",
        API_TIMEOUT,
        environment={},
        at_once_max=DOCUMENTS_MAX,
        code=room.code(bundle.documents),
    )
    room.serve(function, PUBLIC_ROUTES["DocumentsApi"], public=True)
