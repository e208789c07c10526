"""What a command says when it cannot do what it was asked."""


class CommandError(Exception):
    """Ends a command: its message is the one line that the caller reads."""
