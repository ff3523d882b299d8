"""Texts for near-duplicates: articles of random words, and copies made of them."""

from __future__ import annotations

from itertools import product
from random import Random

SYLLABLES = ["".join(pair) for pair in product("bdfgklmnprstvz", "aeiou")]
VOCABULARY = ["".join(parts) for parts in product(SYLLABLES, SYLLABLES[::3])]


def text(seed: int, words: int = 200) -> str:
    """A text of paragraphs of about 40 words. Frequent words are frequent, as in any language."""
    chance = Random(seed)
    drawn = [VOCABULARY[min(int(chance.paretovariate(0.7)) - 1, len(VOCABULARY) - 1)] for _ in range(words)]
    return "\n\n".join(" ".join(drawn[start : start + 40]) + "." for start in range(0, words, 40))


def cut(body: str, share: float, chance: Random) -> str:
    """The text without a share of it: from the end, or from the start, or in the middle."""
    words = body.split(" ")
    size = round(len(words) * share)
    start = chance.choice((0, len(words) - size, chance.randint(0, len(words) - size)))
    return " ".join(words[:start] + words[start + size :])


def edited(body: str, share: float, chance: Random) -> str:
    """The text with a share of its words replaced, in runs of one to three words."""
    words = body.split(" ")
    left = round(len(words) * share)
    while left > 0:
        start, size = chance.randrange(len(words)), min(left, chance.randint(1, 3))
        for place in range(start, min(start + size, len(words))):
            words[place] = f"new{chance.randrange(10**6)}"
        left -= size
    return " ".join(words)


def reordered(body: str, chance: Random) -> str:
    """The paragraphs in another order."""
    paragraphs = body.split("\n\n")
    chance.shuffle(paragraphs)
    return "\n\n".join(paragraphs)


def framed(body: str, share: float, chance: Random) -> str:
    """The text with other text before and after it."""
    size = round(len(body.split()) * share / 2)
    return f"{text(chance.randrange(10**9), size)}\n\n{body}\n\n{text(chance.randrange(10**9), size)}"
