"""The groups of a robots.txt that concern one crawler, selected before the file is parsed.

The parser gives each rule to every agent of its group, which takes time and memory quadratic in the size of the file if
a hostile one names thousands of agents.
"""

from __future__ import annotations

import re
from functools import cache

MAX_LINE_LENGTH = 2_000
"""Characters; a rule longer than any URL matches nothing."""
OTHER = "other"
"""Stands for all agents that do not concern the crawler."""
_AGENT_LINE = re.compile(r"\s*+user(?:-|\s++)?agent(?:\s*+:|\s)(?P<agents>[^#]*+)", re.IGNORECASE)


def own_groups(text: str, agent: str) -> str:
    """Return a robots.txt in which all agents but ``agent``, beginnings of it and ``*`` have the same name.

    An agent with a version or comment (``agent/1.0``) is named ``agent``. Overlong lines are dropped.
    """
    token = _token(agent)
    lines = []
    for line in text.splitlines():
        if len(line) > MAX_LINE_LENGTH:
            continue
        match = _AGENT_LINE.match(line)
        lines.append(line if match is None else f"User-agent: {_own_name(match['agents'], agent, token)}")
    return "\n".join(lines)


@cache
def _token(agent: str) -> re.Pattern[str]:
    """Matches the name of an agent as a whole word."""
    return re.compile(rf"(?<![\w-]){re.escape(agent)}(?![\w-])", re.IGNORECASE)


def _own_name(agents: str, agent: str, token: re.Pattern[str]) -> str:
    name = agents.strip().lower()
    if not name or name == "*":
        return name
    if token.search(name):
        return agent
    name = name.replace("*", "")
    return name if agent.lower().startswith(name) else OTHER
