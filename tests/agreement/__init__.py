"""The product's offers against the oracle's: the same random carts, put to both in their own languages."""
