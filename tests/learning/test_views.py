"""What a rule says about the view count of a page."""

from __future__ import annotations

import pytest

from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.slots import MAX_BYLINE, MAX_MATCHES
from caliber_crawler.learning.candidates import Selector
from caliber_crawler.learning.choice import Verdict
from caliber_crawler.learning.fields import VIEWS, IndexedSample, SlotRule
from caliber_crawler.learning.page_index import PageIndex

RULE = SlotRule(Selector("", ".views"))


def sample_of(body: str, shown: str = "1 204") -> IndexedSample:
    return IndexedSample(PageIndex(Document(f"<html><body>{body}</body></html>".encode()).root), views_shown=shown)


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ('<i class="views">1 204</i>', Verdict.AGREES),
        ('<i class="views">Views: 1,204</i>', Verdict.AGREES),
        ('<i class="views">1204</i>' * MAX_MATCHES, Verdict.AGREES),
        ('<i class="views">1205</i>', Verdict.DISAGREES),
        ('<i class="views">1204</i><i class="views">7</i>', Verdict.SILENT),
        ('<i class="views">1204</i><i class="views"></i>', Verdict.AGREES),
        ('<i class="views">many</i>', Verdict.SILENT),
        ("<i>1204</i>", Verdict.SILENT),
        ('<i class="views">1204</i>' * (MAX_MATCHES + 1), Verdict.SILENT),
        (f'<i class="views">1204 {"x" * MAX_BYLINE}</i>', Verdict.SILENT),
    ],
)
def test_the_only_number_of_the_found_elements_is_compared(body: str, verdict: Verdict) -> None:
    assert VIEWS.judge(sample_of(body), RULE, "1204") is verdict


def test_a_number_on_a_page_with_an_unknown_count_is_neither_right_nor_wrong() -> None:
    assert VIEWS.judge(sample_of('<i class="views">1204</i>'), RULE, None) is Verdict.SPEAKS
