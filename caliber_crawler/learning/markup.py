"""The names in a page's markup: two pages of one article that share few of them are of different designs."""

from __future__ import annotations

import re

MAX_SIZE = 2_000_000
"""Bytes of a page that are searched."""
MAX_LENGTH = 300
"""Bytes of an attribute that are searched."""
MIN_NAMES = 5
"""Classes and IDs of a page that can show its design alone."""
SAME_SHARE = 0.6
"""The share of the names of both pages that pages of the same design have in common."""
_NAMES = re.compile(
    rb"""[\s"'](?:class|id)=(?:"([^"<>]{0,%d})|'([^'<>]{0,%d})|([^\s"'<>=]{1,%d}))""" % ((MAX_LENGTH,) * 3), re.I
)
_TAG = re.compile(rb"<([a-zA-Z][a-zA-Z0-9]{0,20})")


def names_of(source: bytes) -> frozenset[bytes]:
    """The classes and IDs of a page; its tags too if it has few of them."""
    part = source[:MAX_SIZE]
    found = {name for match in _NAMES.finditer(part) for name in (match[1] or match[2] or match[3] or b"").split()}
    if len(found) < MIN_NAMES:
        found |= {b"<" + match[1].lower() for match in _TAG.finditer(part)}
    return frozenset(found)


def has_other_design(source: bytes, earlier: bytes) -> bool:
    """Whether two pages of one article share so few names that the site has got another design between them."""
    one, other = names_of(source), names_of(earlier)
    return len(one & other) < SAME_SHARE * len(one | other)
