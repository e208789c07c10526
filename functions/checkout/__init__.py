"""Where a cart becomes an order."""
