"""A byline is learned without known authors only where its elements look like names on nearly all pages."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from caliber_crawler.extraction.document import Document
from caliber_crawler.learning.fields import IndexedSample
from caliber_crawler.learning.page_index import PageIndex
from caliber_crawler.learning.unaided import MAX_MEAN_NAME, learn_byline

BASE = "https://news.example"
NAMES = ("Aida Aliyeva", "Bahar Mammadova", "Jane Roe", "John Doe", "Ilham Guliyev", "Nigar Hasanova")


def samples(byline: Callable[[int], str], count: int = 6) -> list[IndexedSample]:
    pages = [f"<h1>Headline {n}</h1>{byline(n)}<p>Text {n} of the story.</p>" for n in range(count)]
    return [IndexedSample(PageIndex(Document(f"<html><body>{page}</body></html>".encode()).root)) for page in pages]


def learned(byline: Callable[[int], str], count: int = 6) -> bool:
    return learn_byline(samples(byline, count), lambda sample: None, BASE) is not None


def by(text: str, href: str = "") -> str:
    return f'<a class="byline" href="{href}">{text}</a>' if href else f'<span class="byline">{text}</span>'


@pytest.mark.parametrize(
    ("byline", "is_learned"),
    [
        (lambda n: by(NAMES[n]), True),
        (lambda n: by(NAMES[n], f"/author/{n}"), True),
        (lambda n: by(NAMES[n], f"{BASE}/author/{n}"), True),
        (lambda n: by(NAMES[n], f"https://other.example/author/{n}"), False),
        (lambda n: by(f"{NAMES[n]}, {n + 1} January"), False),
        (lambda n: by(f"{NAMES[n]} {'x' * MAX_MEAN_NAME}"), False),
        (lambda n: by(NAMES[n]) if n else "", True),
        (lambda n: by(NAMES[n]) if n % 2 else "", False),
        (lambda n: by(NAMES[n]) * 9, False),
        (lambda n: f'<span class="place">{NAMES[n]}</span>', False),
    ],
)
def test_a_byline_is_learned_where_its_texts_are_names(byline: Callable[[int], str], is_learned: bool) -> None:
    assert learned(byline) is is_learned


def test_four_pages_are_too_few() -> None:
    assert not learned(lambda n: by(NAMES[n]), 4)
    assert learned(lambda n: by(NAMES[n]), 5)
