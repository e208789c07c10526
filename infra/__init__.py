"""What exists on AWS: the CDK app."""
