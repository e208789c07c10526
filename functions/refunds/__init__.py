"""What is due back to whom, from the change that makes it due to the money that arrives (Y6, Y7)."""
