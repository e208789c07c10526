"""Birthday coupons: who gets one, and when it can be used (B1-B5)."""
