"""The size of property tests."""

from __future__ import annotations

from hypothesis import settings

FULL = 100
"""Examples of a property in `make test`, where a test does not state its own number."""
LEAST = 3


def examples(number: int) -> int:
    """The number of examples of an expensive property: this many in `make test`, a tenth in `make check`."""
    return max(LEAST, number * min(settings().max_examples, FULL) // FULL)
