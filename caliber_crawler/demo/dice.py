"""Chance that repeats: the same key gives the same draws, in every process and on every machine."""

from __future__ import annotations

from random import Random


def dice(*key: object) -> Random:
    """A generator of its own for a key."""
    return Random("/".join(map(str, key)))  # noqa: S311 - to be repeatable is its whole purpose
