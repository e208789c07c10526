"""What keeps the repository in order: set-up and generated documents."""
