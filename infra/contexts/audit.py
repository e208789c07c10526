"""What staff did: admins see it, and nobody changes it. In `prod` it is copied out of everybody's reach (K7).

Whoever serves staff puts records, and no more (:meth:`infra.room.Room.api`).
"""

from aws_cdk import Duration

from functions.audit.tables import TABLES
from functions.platform.trail import RECORD
from infra import bundle
from infra.constructs.archive import Archive
from infra.constructs.table import grant_rows
from infra.room import STREAM_TIMEOUT, Room, rows

GATHERS = Duration.minutes(1)
"""How long records gather for one object: a thousand at most."""


def build(room: Room) -> None:
    """Build the API that shows records, which may only read them, and the reader that copies them."""
    api = room.api("AuditApi", "functions.audit.api.handler", records=False)
    grant_rows(room.table("Audit"), api, "BatchGetItem", indexes=list(TABLES["Audit"].indexes))
    if not room.stage.keeps_data:
        return
    archive = Archive(room.stack, "AuditRecords")
    archiver = room.function(
        "AuditArchive",
        "functions.audit.stream.handler",
        STREAM_TIMEOUT,
        environment={"AUDIT_ARCHIVE": archive.bucket_name},
        code=room.code(bundle.archive),
    )
    archive.grant_adding(archiver)
    room.reader("AuditToArchive", archiver, table="Audit", filters=[rows(RECORD)], gathers=GATHERS)
