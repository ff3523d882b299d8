"""The groups of a robots.txt that concern one crawler, selected before the file is parsed.

The parser gives each rule to every agent of its group, which takes time and memory quadratic in the size of the file if
a hostile one names thousands of agents.
"""

from __future__ import annotations

import codecs
import re
from functools import cache

BEGINNING = {"is_beginning_enough": True, "download_maxsize": 0}
"""The metadata of a request for a robots.txt of any size, for its rules or for the sitemaps that it names."""
MAX_LINE_LENGTH = 2_000
"""Characters; a rule longer than any URL matches nothing."""
OTHER = "other"
"""Stands for all agents that do not concern the crawler."""
_AGENT_LINE = re.compile(r"\s*+user(?:-|\s++)?agent(?:\s*+:|\s)(?P<agents>[^#]*+)", re.IGNORECASE)
_RULE_LINE = re.compile(r"\s*+(?P<name>allow|disallow)\s*+:\s*+(?P<path>[^\s/*$#][^#]*+)", re.IGNORECASE)
"""A rule whose path does not begin with a slash or a wildcard."""
_INVISIBLE = dict.fromkeys(map(ord, "\0\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"))
_SAMPLE = 64
"""Bytes in which UTF-16 without a byte order mark is recognized."""


def decode_robots(body: bytes) -> str:
    """The text of a robots.txt: UTF-8, or UTF-16 as its first bytes show."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return body.decode("utf-16", errors="replace")
    odd = body[1:_SAMPLE:2]
    if len(odd) > 1 and not any(odd):
        return body.decode("utf-16-le", errors="replace")
    if len(odd) > 1 and not any(body[:_SAMPLE:2]):
        return body.decode("utf-16-be", errors="replace")
    return body.decode("utf-8", errors="replace")


def own_groups(text: str, agent: str) -> str:
    """Return a robots.txt in which all agents but ``agent``, beginnings of it and ``*`` have the same name.

    An agent with a version or comment (``agent/1.0``) is named ``agent``. A rule without its first slash, or with the
    host, applies to the path. Invisible characters and overlong lines are dropped.
    """
    token = _token(agent)
    lines = []
    for line in text.translate(_INVISIBLE).splitlines():
        if len(line) > MAX_LINE_LENGTH:
            continue
        if (match := _AGENT_LINE.match(line)) is not None:
            lines.append(f"User-agent: {_own_name(match['agents'], agent, token)}")
        elif (match := _RULE_LINE.match(line)) is not None:
            lines.append(f"{match['name']}: {_own_path(match['path'])}")
        else:
            lines.append(line)
    return "\n".join(lines)


def _own_path(path: str) -> str:
    """The path of a rule that does not begin with a slash."""
    if "://" in path:
        path = path.partition("://")[2].partition("/")[2]
    return f"/{path}"


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
