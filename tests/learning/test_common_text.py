"""The part of a known text that stands on another page of the same article."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.document import Document
from caliber_crawler.learning.common_text import body_inside, common_body

BODY = "They met in Baku.\n\nNothing was agreed.\n\nRead also: rain"
PAGE = """<main><p>They met in Baku.</p><p>Nothing <b>was</b> agreed.</p></main>
<aside class="more">Read also: rain</aside><aside class="more">Snow</aside>"""
ROOT = Document(f"<html><body>{PAGE}</body></html>".encode()).root


def test_lines_that_stand_anywhere_on_the_page_are_common() -> None:
    assert common_body(BODY, ROOT) == BODY
    assert common_body(f"{BODY}\nElsewhere only", ROOT) == BODY


@pytest.mark.parametrize(
    ("selectors", "lines"),
    [
        (["main"], "They met in Baku.\n\nNothing was agreed.\n"),
        (["article", "main"], "They met in Baku.\n\nNothing was agreed.\n"),
        ([".more", "main"], "They met in Baku.\n\nNothing was agreed.\n"),
        ([".more"], BODY),
        ([], BODY),
    ],
)
def test_the_first_selector_of_a_single_element_decides(selectors: list[str], lines: str) -> None:
    assert body_inside(ROOT, selectors, BODY) == lines
