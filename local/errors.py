"""What a command of the local cloud says when it cannot do what it was asked."""

from reach.errors import CommandError


class LocalError(CommandError):
    """Ends a command of the local cloud."""
