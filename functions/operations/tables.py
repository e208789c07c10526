"""The table of what jobs and audits report."""

from functions.domain.tables import Table

TABLES = {"Reports": Table(partition_key="report")}
