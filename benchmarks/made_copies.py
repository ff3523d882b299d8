"""Copies of a text with cuts and edits, for benchmarks of near-duplicates."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random

COPIED = 0.05
"""Share of the articles with a copy on another site."""
CUTS = (10, 30, 50, 60)
EDITS = (3, 6)


def reordered(body: str, chance: Random) -> str:
    paragraphs = body.split("\n\n")
    return "\n\n".join(chance.sample(paragraphs, len(paragraphs)))


def cut(body: str, share: float, chance: Random) -> str:
    words = body.split(" ")
    size = round(len(words) * share)
    start = chance.randint(0, len(words) - size)
    return " ".join(words[:start] + words[start + size :])


def edited(body: str, share: float, chance: Random) -> str:
    words = body.split(" ")
    for place in chance.sample(range(len(words)), round(len(words) * share)):
        words[place] = f"x{chance.randrange(10**6)}"
    return " ".join(words)


def noise(body: str, share: float, chance: Random) -> str:
    return " ".join(f"n{chance.randrange(10**6)}" for _ in range(round(len(body.split()) * share)))


def cut_share(percent: int, body: str, chance: Random) -> str:
    return cut(body, percent / 100, chance)


def edit_share(percent: int, body: str, chance: Random) -> str:
    return edited(body, percent / 100, chance)


KINDS: dict[str, Callable[[str, Random], str]] = {
    "unchanged": lambda body, chance: body,
    **{f"{share} % cut": partial(cut_share, share) for share in CUTS},
    **{f"{share} % edited": partial(edit_share, share) for share in EDITS},
    "reordered": lambda body, chance: reordered(body, chance),
    "50 % added": lambda body, chance: f"{noise(body, 0.25, chance)}\n\n{body}\n\n{noise(body, 0.25, chance)}",
    "20 % cut, 3 % edited, reordered": lambda body, chance: reordered(
        edited(cut(body, 0.2, chance), 0.03, chance), chance
    ),
}  # fmt: skip
"""Ways to make a copy of a text."""
