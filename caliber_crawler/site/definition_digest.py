"""The digest of a site definition: it changes with any stated fact, and not with new fields of this package."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from caliber_crawler.site.site import Site

DIGITS = 12
"""Digits of the SHA-256."""
NOT_STATED = ("base_url", "hosts", "learned")
"""Fields that a command may set (``--base-url``) or that are learned."""

MAX_KNOWN = 4_096
"""Maximum number of definitions whose digest is kept: a process may crawl a thousand sites again and again."""
_known: OrderedDict[tuple[int, ...], tuple[list[object], str]] = OrderedDict()
"""Digests by the identities of the stated facts, with these facts, so that no other object gets their identities."""


def definition_digest(site: Site) -> str | None:
    """The first digits of the SHA-256 of all facts that a site definition states; ``None`` for a site without one."""
    if not site.has_layouts:
        return None
    facts = [getattr(site, field.name) for field in fields(site) if field.name not in NOT_STATED]
    key = tuple(map(id, facts))
    known = _known.pop(key, None) or (facts, _digest(site))
    _known[key] = known
    while len(_known) > MAX_KNOWN:
        _known.popitem(last=False)
    return known[1]


def _digest(site: Site) -> str:
    stated = {name: value for name, value in _stated(site).items() if name not in NOT_STATED}
    return hashlib.sha256(json.dumps(stated, sort_keys=True, default=str).encode()).hexdigest()[:DIGITS]


def _stated(value: Any) -> Any:
    """A value as JSON, without the fields of dataclasses that have their default."""
    if is_dataclass(value) and not isinstance(value, type):
        given = {field.name: getattr(value, field.name) for field in fields(value) if not _is_default(value, field)}
        return {"": type(value).__name__} | {name: _stated(each) for name, each in given.items()}
    if isinstance(value, dict):
        return {str(name): _stated(each) for name, each in value.items()}
    return [_stated(each) for each in value] if isinstance(value, tuple | list) else value


def _is_default(value: object, field: Field[Any]) -> bool:
    given = getattr(value, field.name)
    if field.default is not MISSING:
        return bool(given == field.default)
    return field.default_factory is not MISSING and bool(given == field.default_factory())
