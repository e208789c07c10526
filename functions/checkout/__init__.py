"""Products, prices and the life of an order."""
