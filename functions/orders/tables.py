"""The table of orders."""

from functions.domain.tables import Table

TABLES = {
    "Orders": Table(
        partition_key="order_id",
        indexes={
            "by_member": ("member_id", "placed_key"),
            "by_status": ("status_shard", "placed_key"),
            "due": ("due", "due_at"),
            "orders_late": ("late", "late_key"),
            "by_tracking": ("tracking", "placed_key"),
            "orders_by_change": ("changed_shard", "order_id"),
        },
    )
}
