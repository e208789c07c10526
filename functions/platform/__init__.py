"""The only code that knows AWS: settings, the clock, the HTTP face, DynamoDB, streams, observability."""
