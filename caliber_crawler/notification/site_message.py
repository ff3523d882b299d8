"""The message about the states of sites after crawls: one site with its summary, or several sites by state."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from caliber_crawler.notification.message import Message
from caliber_crawler.quantity import quantity

LABELS = {"failed": "the crawl failed", "alarm": "alarm", "healthy": "healthy"}
"""Site states in the title of a message, those that need attention first."""
MAX_SITES = 1_000
"""Maximum number of sites of one message: receivers limit the size of what they accept."""
FIELDS = ("site", "state", "state_before", "exit_code", "alarms", "why")
"""What a message about several sites contains of each account."""

Account = Mapping[str, Any]


def message_of(accounts: Sequence[Account]) -> Message:
    """The message about accounts of crawls: `site`, `state`, `exit_code`, open `alarms`, `why` and lines of `summary`.

    Its ID does not depend on their order.
    """
    if len(accounts) == 1:
        return _message_of_one(accounts[0])
    groups: dict[tuple[str, ...], list[Account]] = {}
    for account in accounts:
        groups.setdefault((_state(account), _details(account)), []).append(account)
    # The longest list last: chats cut long texts.
    ordered = sorted(groups.values(), key=lambda group: (_rank(group[0]), len(group)))
    counts = Counter(_label(account) for group in ordered for account in group)
    subject = quantity(len(accounts), "site")
    states = next(iter(counts)) if len(counts) == 1 else ", ".join(f"{counts[each]:,} × {each}" for each in counts)
    sites = [{field: account[field] for field in FIELDS if field in account} for group in ordered for account in group]
    payload = {"site": subject, "state": _state(ordered[0][0]), "sites": sites}
    id = _digest(sorted(map(_digest, accounts)))
    return Message(f"{subject}: {states}", list(map(_line, ordered)), payload, id)


def _message_of_one(account: Account) -> Message:
    lines = list(account.get("summary") or filter(None, [account.get("why")]))
    if alarms := account.get("alarms"):
        lines.append(f"Open alarms: {', '.join(alarms)}.")
    return Message(f"{account['site']}: {_label(account)}", lines, account, _digest(account))


def _line(group: Sequence[Account]) -> str:
    """The sites in one state, and the reason of the first."""
    first, names = group[0], [str(account["site"]) for account in group]
    why = str(first.get("why") or "").removesuffix(".")
    subject = names[0] if len(names) == 1 else quantity(len(names), "site")
    line = f"{subject}: {_label(first)}{_details(first)}"
    if len(names) == 1:
        return f"{line}: {why}." if why else f"{line}."
    return f"{line}: {', '.join(names)}." + (f" {names[0]}: {why}." if why else "")


def _details(account: Account) -> str:
    """The exit code and the open alarms, which sites in one line of a message have in common."""
    code, alarms = account.get("exit_code"), account.get("alarms")
    details = [f"exit code {code}"] * bool(code) + [f"open alarms: {', '.join(alarms or ())}"] * bool(alarms)
    return f" ({'; '.join(details)})" if details else ""


def _state(account: Account) -> str:
    return str(account.get("state", "failed"))


def _label(account: Account) -> str:
    return LABELS.get(_state(account), _state(account))


def _rank(account: Account) -> int:
    return [*LABELS, _state(account)].index(_state(account))


def _digest(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:32]
