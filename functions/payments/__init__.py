"""Money in: payments through providers, from an attempt to the order that they pay (Y1-Y5)."""
