"""The table of payments: attempts, what providers have told, and money that nobody knows an order for."""

from functions.domain.tables import Table

TABLES = {
    "Payments": Table(
        partition_key="subject",
        indexes={
            "payments_due": ("due", "due_at"),
            "unassigned": ("unassigned", "noticed_at"),
            "refunds_listed": ("listed", "made_at"),
            "attempts_by_member": ("member_id", "asked_at"),
        },
    )
}
