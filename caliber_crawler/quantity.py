"""Numbers of things and sizes in messages: ``1 article``, ``3,412 articles``, ``1.2 MB``."""

from __future__ import annotations


def quantity(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun: ``quantity(3412, "copy", "copies")`` is ``3,412 copies``.

    The plural is the noun with an ``s`` if it is not given.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def size_text(size: float) -> str:
    """Return a number of bytes with its unit: ``size_text(32_889)`` is ``32.9 kB``."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 999.95:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1_000
    return f"{size:,.1f} TB"
