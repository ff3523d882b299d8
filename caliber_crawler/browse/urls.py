"""URLs for display: readable, and as links only if following them is harmless."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def readable_url(url: str) -> str:
    """Return a URL with decoded letters: ``/arm/post/ալիև`` instead of percent signs.

    The URL is returned unchanged if decoding would give invisible characters (control characters, marks of writing
    direction), bytes that are not UTF-8, or another URL: ``%2500`` is not ``%00``.
    """
    try:
        decoded = unquote(url, errors="strict")
    except UnicodeDecodeError:
        return url
    is_same = unquote(decoded, errors="replace") == decoded
    return decoded if is_same and decoded.isprintable() and " " not in decoded else url


def is_web_url(url: object) -> bool:
    """Return whether this may be a link: only ``http`` and ``https``, not ``javascript:`` and similar schemes."""
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and url.isprintable()
