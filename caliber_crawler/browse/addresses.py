"""Addresses for people: readable, and links only where following one is harmless."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def readable(url: str) -> str:
    """An address with its letters as letters: ``/arm/post/ալիև`` rather than percent signs.

    Left as it is where decoding would bring forth what cannot be seen: controls, marks that turn the direction of
    writing, bytes that are not UTF-8.
    """
    try:
        decoded = unquote(url, errors="strict")
    except UnicodeDecodeError:
        return url
    return decoded if decoded.isprintable() and " " not in decoded else url


def is_web_address(url: object) -> bool:
    """May this be a link? Only ``http`` and ``https`` are; ``javascript:`` and its like stay text."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable()
