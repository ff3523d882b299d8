"""The message about the state of a site after a crawl."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from caliber_crawler.notification.message import Message

LABELS = {"healthy": "healthy", "alarm": "alarm", "failed": "the crawl failed"}
"""Site states in the title of a message."""


def message_of(account: Mapping[str, Any]) -> Message:
    """The message about an account of a crawl: `site`, `state`, open `alarms`, `why` and lines of `summary`."""
    state = LABELS.get(account.get("state", "failed"), account.get("state", ""))
    lines = list(account.get("summary") or filter(None, [account.get("why")]))
    if alarms := account.get("alarms"):
        lines.append(f"Open alarms: {', '.join(alarms)}.")
    id = hashlib.sha256(json.dumps(account, sort_keys=True, default=str).encode()).hexdigest()[:32]
    return Message(f"{account['site']}: {state}", lines, account, id)
