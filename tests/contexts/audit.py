"""What the audit may know, and do: nobody may change or delete a record (K7)."""

from tests.support.rights import adds_records, reads_stream, rows

MAY_KNOW = {"domain", "platform"}
NEEDS = {
    "AuditApi": rows(
        "Audit",
        "BatchGetItem",
        indexes=[
            "audit_by_day",
            "audit_by_operator",
            "audit_by_name",
            "audit_by_request",
            "audit_by_member",
            "audit_by_order",
            "audit_by_thing",
            "audit_by_other",
        ],
    ),
    "AuditArchive": adds_records() | reads_stream("Audit", "AuditToArchiveFailures"),
}
IN_PROD_ALONE = {"AuditArchive": "records are copied where data is kept"}
