"""trafilatura gets the main element first, and the whole page only if text is missing."""

from __future__ import annotations

from caliber_crawler.extraction.generic.main_element import MAIN_MARK, find_main_element, source_of_main
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.newspage import PARAGRAPHS, body_of, page

TEXT = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
MENU = "<nav><ul>" + "<li><a href='/x'>Politics</a></li>" * 20 + "</ul></nav>"


def test_the_most_reliable_name_wins_over_an_earlier_one() -> None:
    root = parse_html(
        page(f"<article>x</article><div class='content'>y</div><div class='b post-body'>{TEXT}</div>").encode()
    )
    element = find_main_element(root)
    assert element is not None
    assert element.get("class") == "b post-body"


def test_the_first_of_several_articles_is_the_main_element() -> None:
    root = parse_html(page(f"<div><article id='first'>{TEXT}</article><article>Another</article></div>").encode())
    element = find_main_element(root)
    assert element is not None
    assert element.get("id") == "first"


def test_a_page_without_names_has_no_main_element() -> None:
    assert source_of_main(parse_html(page(f"<div>{TEXT}</div>").encode())) is None


def test_the_source_contains_the_main_element_and_the_tags_around_it_only() -> None:
    around = f"<div id='a&quot;b'>{MENU}<section><article>{TEXT}</article></section><p>Below</p></div>"
    source = source_of_main(parse_html(page(around).encode()))
    mark = f'{MAIN_MARK}="1"'  # the number of the expression for an article element
    expected = f'<div id="a&quot;b"><section><article {mark}>{TEXT}</article></section></div>'
    assert source == f"<html {mark}><body>{expected}</body></html>"


def test_text_outside_the_main_element_is_not_lost() -> None:
    teaser = (
        "<div class='article-text'><p>Another story that is only announced here, with a long enough sentence.</p></div>"
    )
    assert body_of(page(f"<div>{teaser}</div><div class='c7'><h1>Talks resume</h1>{TEXT}</div>")).endswith(
        "\n\n".join(PARAGRAPHS)
    )


def test_a_main_element_in_a_part_that_is_not_the_article_does_not_hide_the_text() -> None:
    aside = f"<aside><article><p>{PARAGRAPHS[0]}</p></article></aside>"
    assert "\n\n".join(PARAGRAPHS[1:]) in body_of(page(f"{aside}<div class='c7'><h1>Talks resume</h1>{TEXT}</div>"))
