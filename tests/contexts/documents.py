"""What the document may know, and do: nothing."""

from tests.support.rights import Rights

MAY_KNOW: frozenset[str] = frozenset()
NEEDS: dict[str, Rights] = {"DocumentsApi": frozenset()}
AT_ONCE_MAX = {"DocumentsApi": 10}
