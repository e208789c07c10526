"""Fixtures of all tests: no test sees the caller's AWS settings."""

import os
import sys
from pathlib import Path

# Handlers read their settings when they are imported, so these are set before any test module is.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",  # noqa: S106 - opens nothing
    AWS_DEFAULT_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    ORDERS_TABLE="unused",
    MEMBERS_TABLE="unused",
    CATALOG_TABLE="unused",
    REPORTS_TABLE="unused",
    WORK_QUEUE_URL="unused",
    POWERTOOLS_METRICS_NAMESPACE="memberday",
    EVENT_BUS_NAME="unused",
    USER_POOL_ID="unused",
    PHONE_KEY_SECRET="unused",  # noqa: S106 - the name of one
    JSII_NODE=str(Path(sys.executable).with_name("node")),  # the CDK needs no Node but ours
)
