"""The table of cases."""

from functions.domain.tables import Table

TABLES = {
    "Cases": Table(
        partition_key="case_id",
        indexes={
            "cases_by_deadline": ("listed", "listed_at"),
            "cases_by_member": ("member_id", "opened_key"),
            "cases_due": ("due", "due_at"),
        },
    )
}
