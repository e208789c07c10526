"""What an operator does to a deployed stack, on AWS or on the local cloud: docs/runbook. Never deployed."""
