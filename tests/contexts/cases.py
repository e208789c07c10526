"""What cases may know, and do, and when: rows and rules alone."""

from typing import Any

MAY_KNOW = {"domain", "platform"}
NEEDS: dict[str, Any] = {}
TIMES: dict[str, str] = {}
AT_ONCE_MAX: dict[str, int] = {}
