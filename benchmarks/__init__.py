"""Where the figures of the documents come from."""
