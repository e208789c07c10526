"""What is sold: products, their stock, and every movement of it."""
