"""The language of a page on a site with one language: a fast look at the text decides, unless it contradicts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import html

from caliber_crawler.extraction.learned import _drop, is_as_usual
from caliber_crawler.extraction.tree import select
from caliber_crawler.learning.layout import MIN_MONOLINGUAL, Fact, layout_of

ENGLISH = "The council met on Tuesday evening and agreed after long talks to rebuild the pier before the winter. " * 4
TURKISH = "Liman meclisi salı günü üç saat süren toplantıdan sonra kuzey iskelesini yeniden yapmaya karar verdi. " * 4


def test_only_the_declared_language_of_the_site_is_usual() -> None:
    layout = layout_of([Fact("language", "en", 12, 12)])
    assert layout.is_monolingual
    assert is_as_usual("en", ENGLISH, layout)
    assert not is_as_usual("en", TURKISH, layout)
    assert not is_as_usual("tr", TURKISH, layout)
    assert not is_as_usual("en", ENGLISH[:80], layout)
    assert not is_as_usual("en", ENGLISH, replace(layout, is_monolingual=False))


@pytest.mark.parametrize("counts", [(11, 12), (MIN_MONOLINGUAL - 1, MIN_MONOLINGUAL - 1)])
def test_a_site_with_another_language_or_few_pages_has_no_usual_one(counts: tuple[int, int]) -> None:
    assert not layout_of([Fact("language", "en", *counts)]).is_monolingual


PAGE = """<div id="text"><p class="a">One</p>two<p class="b c">Three</p><div id="d">Four <b class="a">x</b></div>five
<p class="É e">Six</p><a rel="tag">Seven</a><p>Eight</p></div>"""


@pytest.mark.parametrize(
    "selectors", [(".a",), (".b", "#d"), (".c", "[rel~='tag']"), ("p.a",), (".e",), ("#text",), ("#d .a",), (".none",)]
)
def test_what_is_dropped_does_not_depend_on_how_it_is_searched(selectors: tuple[str, ...]) -> None:
    container, other = html.fromstring(PAGE), html.fromstring(PAGE)
    _drop(container, selectors)
    for element in select(other, ", ".join(selectors)):
        if element is not other and element.getparent() is not None:
            element.drop_tree()
    assert html.tostring(container) == html.tostring(other)
