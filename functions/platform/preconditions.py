"""What must hold of a thing for a put of it, by the standard's headers (RFC 9110, 13.1).

A form for something new must not replace what exists, and of two who change the same thing at once neither
may lose what they wrote. Both is held by the put's own transaction: this only says which row it replaces.
"""

from functions.domain.errors import PreconditionError, invalid_fields

IF_MATCH, IF_NONE_MATCH = "If-Match", "If-None-Match"
NOTHING = 0
"""As the version that is replaced: there must be none."""


def replaced_version(if_match: str | None, if_none_match: str | None) -> int | None:
    """Return the version that a put may replace, :data:`NOTHING` where it may only make; None for any.

    Raises
    ------
    InvalidError
        ``invalid_request``: both headers are sent.
    """
    if if_none_match is None:
        return None if if_match is None else int(if_match.strip('"'))
    if if_match is not None:
        raise invalid_fields((IF_MATCH, f"cannot stand beside {IF_NONE_MATCH}"))
    return NOTHING


def check(replaces: int | None, version: int | None, *, same: bool) -> None:
    """Refuse a put of what is not as it must be.

    What stands there already just as it was asked for is no fault: it may have come by the same request,
    whose answer got lost (R1). That holds of what was made and never changed, and of every version after the
    one to be replaced: nobody's words are lost then.

    Parameters
    ----------
    replaces
        As of :func:`replaced_version`.
    version
        The one that there is, or None.
    same
        Whether it says what is asked for.

    Raises
    ------
    PreconditionError
        ``exists_already``: it was only to be made. ``changed_meanwhile``: there is another version than the
        one to be replaced, or none.
    """
    if replaces is None:
        return
    if replaces == NOTHING:
        if version is not None and not (same and version == 1):
            raise PreconditionError("exists_already", "There is one of this id already.")
    elif version is None or not (version == replaces or (same and version > replaces)):
        raise PreconditionError("changed_meanwhile", "It is not as you have seen it.")
