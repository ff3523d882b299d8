"""Rights reservations of a page: no archiving, no indexing, no text and data mining (TDM).

Sources are headers and ``<meta>`` elements, and for TDM also the site's ``tdmrep.json``. Directives for other crawlers
(``googlebot: noarchive``) are ignored. If header and page differ, the reservation counts. Both take precedence over the
site's ``tdmrep.json``.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from caliber_crawler.items import SITE_OPTS_OUT, Capture

TDMREP_PATH = "/.well-known/tdmrep.json"
"""Path of the file with the reservations of a whole site; see :func:`opt_outs` for the protocol."""

MAX_RULES = 1_000
MAX_LOCATION_LENGTH = 500
"""Characters."""
FULL_URL = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)
"""The beginning of a location that names the host, too."""
POLICY_URL = re.compile(r"https?://[!-~]{1,2000}")

AGENTS = ("robots", "caliber_crawler")
"""User-agent tokens of directives for this crawler."""

MAX_HEAD_BYTES = 256 * 1024
"""Number of bytes of a page that are searched for ``<meta>`` elements, which occur only in its head."""

RESERVATION_OF = {"noarchive": "noarchive", "nocache": "noarchive", "noindex": "noindex", "none": "noindex"}
"""The reservation for each directive of ``X-Robots-Tag`` or ``<meta name="robots">``; others are ignored."""

WITH_VALUE = ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
"""Directives whose colon does not follow a crawler's name."""

MAX_META_LENGTH = 2_000
"""Number of bytes of a ``<meta>`` element that are examined."""
MARK_IN_HEAD = re.compile(rb"<(?:(!--|script\b|style\b)|(/head[\s>]|body[\s>])|meta[\s/])")
"""In small letters, what begins a comment, a script or a style sheet (tags in them are not elements of the page), ends
the head, or begins a ``<meta>`` element."""
ENDS = {b"!--": b"-->", b"script": b"</script", b"style": b"</style"}
MENTION = re.compile(rb"robots|caliber_crawler|tdm-|&", re.IGNORECASE)
"""What every ``<meta>`` element that may concern this crawler contains; an entity may stand for any letter."""
ATTRIBUTE = re.compile(r"""(?<![\w-])([a-z][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)


def opt_outs(capture: Capture) -> dict[str, str]:
    """Return the reservations of a page and their sources: ``{"noarchive": "header", "tdm": "site"}``.

    ``tdm_policy`` is the URL of the conditions, if ``tdm`` is reserved and a URL is given. See
    https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag for the first two, and
    https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/ for ``tdm``.
    """
    found: dict[str, str] = {}
    policy, page_decides = None, False
    for source, name, value in (*_in_headers(capture), *_in_page(capture)):
        if name == "tdm-reservation":
            page_decides = page_decides or value.strip() in ("0", "1")
            if value.strip() == "1":
                found.setdefault("tdm", source)
        elif name == "tdm-policy":
            policy = value.strip()
        elif name == "robots":
            for directive in _directives_for_us(value):
                found.setdefault(directive, source)
    by_site = capture.header(SITE_OPTS_OUT.lower())
    if by_site and not page_decides:
        found["tdm"], policy = "site", by_site.partition(" ")[2] or policy
    return found | ({"tdm_policy": policy} if policy and "tdm" in found else {})


def _in_headers(capture: Capture) -> Iterator[tuple[str, str, str]]:
    for name, value in capture.headers:
        known = name.lower()
        if known in ("x-robots-tag", "tdm-reservation", "tdm-policy"):
            yield "header", "robots" if known == "x-robots-tag" else known, value


def _in_page(capture: Capture) -> Iterator[tuple[str, str, str]]:
    if "html" not in (capture.media_type or "html"):
        return
    head = capture.body[:MAX_HEAD_BYTES]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    for element in filter(MENTION.search, _metas_of(head)):
        attributes = {
            name.lower(): html.unescape(quoted or single or bare)
            for name, quoted, single, bare in ATTRIBUTE.findall(element.decode("utf-8", "replace"))
        }
        name = attributes.get("name", "").strip().lower()
        if _is_for_us(name):
            yield "page", "robots", attributes.get("content", "")
        elif name in ("tdm-reservation", "tdm-policy"):
            yield "page", name, attributes.get("content", "")


def _metas_of(head: bytes) -> Iterator[bytes]:
    """Yield the ``<meta>`` elements of a page's head. Every crawled page is searched: this jumps over its scripts."""
    small = head.lower()
    position = 0
    while (mark := MARK_IN_HEAD.search(small, position)) is not None:
        opaque, end_of_head = mark.groups()
        if end_of_head is not None:
            return
        if opaque is not None:
            end = small.find(ENDS[opaque], mark.end())
            if end < 0:
                return
            position = end + len(ENDS[opaque])
        else:
            end = small.find(b">", mark.end(), mark.end() + MAX_META_LENGTH)
            position = end if end >= 0 else min(mark.end() + MAX_META_LENGTH, len(small))
            yield head[mark.start() : position]


def _is_for_us(agent: str) -> bool:
    """Whether the name of a crawler, possibly with a version, means this one."""
    return re.split(r"[/\s]", agent.strip(), maxsplit=1)[0] in AGENTS


def _directives_for_us(value: str) -> Iterator[str]:
    """Yield the directives of one header or element for this crawler.

    A crawler's name applies to all directives after it.
    """
    for_us = True
    for part in re.split(r"[,;]", value.lower()):
        first, colon, rest = part.partition(":")
        if colon and first.strip() not in WITH_VALUE:
            for_us, part = _is_for_us(first), rest
        if for_us and (reservation := RESERVATION_OF.get(part.strip())):
            yield reservation


@dataclass(frozen=True, slots=True)
class SiteRule:
    """One rule of ``tdmrep.json``: the parts of a path pattern between its asterisks, and the reservation."""

    parts: tuple[str, ...]
    anchored: bool
    reserves: bool
    policy: str | None

    def matches(self, path: str) -> bool:
        """Return whether a normalised path begins with the pattern, or matches it to the end."""
        first, *others = self.parts
        if not path.startswith(first):
            return False
        if self.anchored:
            last = others.pop() if others else None
            if last is None or not path.endswith(last):
                return last is None and path == first
            path = path[: len(path) - len(last)]
        place = len(first)
        for part in others:
            found = path.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return place <= len(path)


@dataclass(frozen=True, slots=True)
class SiteRules:
    """The rules of ``tdmrep.json`` in order."""

    rules: tuple[SiteRule, ...] = ()

    def reservation_of(self, path: str) -> str | None:
        """Return the value of :data:`SITE_OPTS_OUT` for a path; ``None`` if nothing is reserved.

        The first rule that matches decides.
        """
        plain = _normalise(path or "/")
        rule = next((rule for rule in self.rules if rule.matches(plain)), None)
        return f"1 {rule.policy or ''}".strip() if rule is not None and rule.reserves else None


def site_rules(body: bytes) -> SiteRules:
    """Parse ``/.well-known/tdmrep.json``: an array of rules, or a single one. Invalid rules are ignored.

    Paths are matched as in robots.txt: from the beginning, ``*`` for anything, ``$`` for the end.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return SiteRules()
    if isinstance(data, dict):
        data = [data]
    rules = (_rule(rule) for rule in data[:MAX_RULES]) if isinstance(data, list) else ()
    return SiteRules(tuple(rule for rule in rules if rule is not None))


def _rule(data: object) -> SiteRule | None:
    if not isinstance(data, dict):
        return None
    known = {str(name).strip().lower(): value for name, value in data.items()}
    location, reserves, policy = (known.get(name) for name in ("location", "tdm-reservation", "tdm-policy"))
    if isinstance(reserves, bool | float) and reserves in (0, 1):
        reserves = int(reserves)
    if not isinstance(location, str) or len(location) > MAX_LOCATION_LENGTH or str(reserves).strip() not in ("0", "1"):
        return None
    location = FULL_URL.sub("", location.strip())
    if not location.startswith(("/", "*")):
        location = f"/{location}"
    return SiteRule(
        parts=tuple(map(_normalise, re.split(r"\*+", location.removesuffix("$")))),
        anchored=location.endswith("$"),
        reserves=str(reserves).strip() == "1",
        policy=policy if isinstance(policy, str) and POLICY_URL.fullmatch(policy) else None,
    )


def _normalise(path: str) -> str:
    """Normalise a path: percent-encoded octets equal plain ones."""
    return unquote(path, errors="surrogateescape")
