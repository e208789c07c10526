"""What recurs in the stack, each with the settings that every one of its kind has."""
