"""Numbers of things in messages: ``1 article``, ``3,412 articles``."""

from __future__ import annotations


def quantity(number: int, thing: str, things: str | None = None) -> str:
    """Return a number with its noun: ``quantity(3412, "copy", "copies")`` is ``3,412 copies``.

    The plural is the noun with an ``s`` if it is not given.
    """
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
