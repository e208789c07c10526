"""What a command says when it cannot do what it was asked."""

from ops.errors import OpsError


class LocalError(OpsError):
    """Ends a command of the local cloud."""
