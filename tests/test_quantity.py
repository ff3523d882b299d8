"""Numbers with their nouns, and that messages and pages use them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from caliber_crawler.quantity import quantity, size_text
from tests.tooling.repository import ROOT

PACKAGE = ROOT / "caliber_crawler"

CONSTANT = re.compile(r"(?:\w+\.)*(?:[A-Z_]+|_?max_\w+)")
FORMAT_WITH_COMMA = re.compile(r":[^\s'\"]*,")
"""In every module with such a count; without one, it need not be parsed."""
NUMBER_OF_MANY = re.compile(r" [a-z-]+s\b(?<! is)(?<! has)(?<! was)")


@pytest.mark.parametrize(
    ("number", "nouns", "text"),
    [
        (0, ("article",), "0 articles"),
        (1, ("article",), "1 article"),
        (2, ("near-duplicate",), "2 near-duplicates"),
        (3412, ("entry", "entries"), "3,412 entries"),
        (1, ("row has", "rows have"), "1 row has"),
        (5, ("row has", "rows have"), "5 rows have"),
    ],
)
def test_a_number_has_its_noun_in_the_singular_or_plural(number: int, nouns: tuple[str, ...], text: str) -> None:
    assert quantity(number, *nouns) == text


def counts_with_a_plural(source: str) -> Iterator[str]:
    """Yield every ``{number:,} nouns`` in the f-strings of a module, except constants, which are not 1."""
    if not FORMAT_WITH_COMMA.search(source):
        return
    for node in ast.walk(ast.parse(source)):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for part, after in pairwise(parts):
            is_count = (
                isinstance(part, ast.FormattedValue) and part.format_spec and "," in ast.unparse(part.format_spec)
            )
            if not is_count or not isinstance(after, ast.Constant):
                continue
            value = ast.unparse(part.value)
            if NUMBER_OF_MANY.match(str(after.value)) and not CONSTANT.fullmatch(value):
                yield f"{{{value}}}{after.value!s:.30}"


def test_a_count_with_a_plural_is_found() -> None:
    assert list(counts_with_a_plural('f"{n:,} articles"')) == ["{n} articles"]
    assert not list(counts_with_a_plural("f\"{MAX_ROWS:,} rows {n:,} of them {quantity(n, 'row')}\""))


def test_no_message_has_a_plural_that_would_be_wrong_for_one() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {text}"
        for path in PACKAGE.rglob("*.py")
        for text in counts_with_a_plural(path.read_text("utf-8"))
    }
    assert found == set()


def test_no_page_has_a_plural_that_would_be_wrong_for_one() -> None:
    found = {
        f"{path.name}: {match[0]}"
        for path in (PACKAGE / "browse" / "templates").glob("*.html")
        for match in re.finditer(r'\{\{ "\{:,\}"\.format\((?!max_)[^}]*\}\} [a-z]+s\b', path.read_text("utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (32_889, "32.9 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (4.2e12, "4.2 TB"),
        (5e15, "5,000.0 TB"),
    ],
)
def test_a_size_has_the_largest_unit_that_fits(size: float, text: str) -> None:
    assert size_text(size) == text
