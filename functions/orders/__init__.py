"""What was bought: the life of an order, from its placing to its end."""
