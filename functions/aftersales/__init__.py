"""After-sales: cases that members open, what staff decide about them, and what becomes of both (A1-A10)."""
