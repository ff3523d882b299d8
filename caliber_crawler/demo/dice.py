"""Repeatable random numbers: the same key gives the same sequence in every process and on every machine."""

from __future__ import annotations

from random import Random


def dice(*key: object) -> Random:
    """Return a separate generator for a key."""
    return Random("/".join(map(str, key)))  # noqa: S311 - must be repeatable, not secure
