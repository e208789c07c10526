"""The table of what staff did: whoever writes as staff puts its rows (:mod:`functions.platform.trail`)."""

from functions.domain.tables import Table

FOLDER = "records"
"""Where the copies of records lie in their bucket."""
PLACED = "placed"
"""When it was done, and then the record's id: by this all lists are in order."""
BY_DAY, BY_OPERATOR = "audit_by_day", "audit_by_operator"
BY_NAME, BY_REQUEST = "audit_by_name", "audit_by_request"
"""Sparse: services have no name, and most requests no id under which they count once."""
INDEXES_OF_SUBJECTS = {
    "of_member": "audit_by_member",
    "of_order": "audit_by_order",
    "of_thing": "audit_by_thing",
    "of_other": "audit_by_other",
}
"""By what a record is found, and in which index."""
TABLES = {
    "Audit": Table(
        partition_key="audit_id",
        indexes={
            BY_DAY: ("day_shard", PLACED),
            BY_OPERATOR: ("operator_shard", PLACED),
            BY_NAME: ("name_shard", PLACED),
            BY_REQUEST: ("of_request", PLACED),
            **{index: (subject, PLACED) for subject, index in INDEXES_OF_SUBJECTS.items()},
        },
        expires="expires_at",
    )
}
