"""Plain text of a site without a definition: a text file, or everything that was printed on a page."""

import textwrap
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction import Unreadable, extract_page
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.site.generic import generic_site
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, URL

MENU = ("Home", "World", "Politics", "Sport and leisure", "Log in", "Search")
FOOTER = ("Share", "Most read", "Ministers sign a treaty", "About us", "Contact", "© 2026 News")


def extracted(*lines: str, url: str = URL, end: str = "\n") -> Extraction:
    site = generic_site(url)
    headers = (("content-type", "text/plain; charset=utf-8"),)
    body = end.join(lines).encode()
    fetched_at = datetime(2026, 2, 1, tzinfo=UTC)
    return extract_page(
        Capture(site=site.name, url=url, fetched_at=fetched_at, status=200, headers=headers, body=body), site
    )


@pytest.mark.parametrize("end", ["\n", "\n\n", "\r\n"])
@pytest.mark.parametrize("around", [((), ()), (MENU, FOOTER)], ids=["article", "page"])
def test_headline_date_and_body_are_found(end: str, around: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    menu, footer = around
    found = extracted(*menu, HEADLINE, "7 January 2026, 14:35", *PARAGRAPHS, *footer, end=end)
    assert found.article.headline == HEADLINE
    assert found.article.published_at == datetime(2026, 1, 7, 14, 35, tzinfo=UTC)
    assert found.article.body == "\n\n".join(PARAGRAPHS)
    assert (found.layout, found.article.language, found.methods["body"]) == ("text", "en", "text")


def test_the_date_may_be_above_the_headline_or_missing() -> None:
    assert extracted("7 January 2026", HEADLINE, *PARAGRAPHS).article.headline == HEADLINE
    undated = extracted(HEADLINE, *PARAGRAPHS).article
    assert (undated.headline, undated.published_at) == (HEADLINE, None)


def test_the_date_may_be_directly_below_the_text() -> None:
    article = extracted(HEADLINE, *PARAGRAPHS, "7 January 2026, 14:35", "Ministers sign a treaty").article
    assert (article.published_at, article.body) == (datetime(2026, 1, 7, 14, 35, tzinfo=UTC), "\n\n".join(PARAGRAPHS))
    dated = [line for day in (5, 6) for line in (f"{day} January 2026", "Ministers sign a treaty")]
    assert extracted(HEADLINE, *PARAGRAPHS, *dated).article.published_at is None  # those of other articles


@given(st.integers(min_value=25, max_value=100))
def test_the_width_of_wrapped_lines_does_not_matter(width: int) -> None:
    wrapped = ["\n".join(textwrap.wrap(paragraph, width)) for paragraph in PARAGRAPHS]
    article = extracted(HEADLINE, "7 January 2026", *wrapped, end="\n\n").article
    assert article.headline == HEADLINE
    assert article.body.split() == " ".join(PARAGRAPHS).split()


def test_the_view_counter_is_read_and_does_not_stay_in_the_body() -> None:
    article = extracted(HEADLINE, "7 January 2026", *PARAGRAPHS, "Views: 1.2K").article
    assert (article.views, article.body) == (1200, "\n\n".join(PARAGRAPHS))


def test_the_url_tells_the_headline_from_other_lines() -> None:
    menu = ("The weather stays cold this week", HEADLINE, "Ministers sign a treaty", "7 January 2026")
    url = "https://news.example/2026/01/07/talks-resume-long-winter"
    assert extracted(*menu, *PARAGRAPHS, url=url).article.headline == HEADLINE


@pytest.mark.parametrize(
    ("lines", "clause"),
    [
        ((*MENU, *FOOTER), "its longest passage of prose"),
        ((HEADLINE, PARAGRAPHS[0], PARAGRAPHS[1]), "it has no date and"),
        (
            [
                line
                for day in range(1, 7)
                for line in (f"Story number {day}", f"{day} January 2026", 2 * f"{PARAGRAPHS[day - 1]} ")
            ],
            "it is a list",
        ),
    ],
)
def test_a_refusal_names_what_is_missing(lines: tuple[str, ...], clause: str) -> None:
    with pytest.raises(Unreadable, match=clause):
        extracted(*lines)
