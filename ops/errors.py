"""What an operator's command says when it cannot do what it was asked."""

from reach.errors import CommandError


class OpsError(CommandError):
    """Ends a command of the operator's."""
