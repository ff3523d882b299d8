"""The digest of a site definition: it changes with any stated fact, and not with new fields of this package."""

from __future__ import annotations

import hashlib
import json
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from caliber_crawler.site.site import Site

DIGITS = 12
"""Digits of the SHA-256."""
NOT_STATED = ("base_url", "hosts", "learned")
"""Fields that a command may set (``--base-url``) or that are learned."""


def definition_digest(site: Site) -> str | None:
    """The first digits of the SHA-256 of all facts that a site definition states; ``None`` for a site without one."""
    if not site.has_layouts:
        return None
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
