"""What providers' statements say, in our words (Y8)."""
