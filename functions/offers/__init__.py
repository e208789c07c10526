"""What it costs: prices, offers and the member day."""
