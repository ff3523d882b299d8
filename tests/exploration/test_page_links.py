"""Classes of links by their place on a page, and templates of URLs."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from caliber_crawler.exploration import LinkClass
from caliber_crawler.exploration.page_links import page_links
from caliber_crawler.exploration.templates import coarse, is_followed, paging_chain, template

PROSE = "The committee of the town met on the evening of the day and heard three speakers about a plan"


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<main><h2><a href="/x">Talks resume in the capital</a></h2></main>', LinkClass.HEADLINE),
        ('<a href="/x"><h3>Talks resume in the capital</h3><p>More</p></a>', LinkClass.HEADLINE),
        ('<aside><h3><a href="/x">Talks resume in the capital</a></h3></aside>', LinkClass.SIDEBAR),
        ('<div><a href="/x">Talks resume in the capital after a pause</a></div>', LinkClass.TEXT),
        ('<div><a href="/x"><img src="/i.jpg"></a></div>', LinkClass.IMAGE),
        (f'<p>{PROSE} <a href="/x">that</a> is known.</p>', LinkClass.PROSE),
        ('<nav><a href="/x">World</a></nav>', LinkClass.NAVIGATION),
        ('<ul class="main-menu"><li><a href="/x">World</a></li></ul>', LinkClass.NAVIGATION),
        ('<nav><a href="/x">Talks resume in the capital</a></nav>', LinkClass.NAVIGATION_LONG),
        ('<nav class="pagination"><a href="/x">Older posts</a></nav>', LinkClass.PAGER),
        ('<div class="nav-links"><a class="next page-numbers" href="/x">»</a></div>', LinkClass.PAGER),
        ('<div class="pagination"><a href="/x">2</a> <a href="/y">3</a></div>', LinkClass.NUMBER),
        ('<div class="navigation"><span>1</span> <a href="/x">2</a> <a href="/y">3</a></div>', LinkClass.NUMBER),
        ('<nav class="post-navigation"><a rel="prev" href="/x">The bridge opens</a></nav>', LinkClass.ADJACENT),
        ('<div><a href="/x">Ältere Beiträge</a></div>', LinkClass.NEXT),
        ('<div><a href="/x">Показать ещё</a></div>', LinkClass.NEXT),
        ('<span><a rel="tag" href="/x">Energy</a></span>', LinkClass.TAG),
        ('<span><a rel="author" href="/x">Ayla</a></span>', LinkClass.AUTHOR),
        ('<div><a href="/x">Energy</a></div>', LinkClass.SHORT),
        ('<h2><a href="/x">首都恢复会谈的消息</a></h2>', LinkClass.HEADLINE),
    ],
)
def test_the_place_of_a_link_gives_its_class(markup: str, expected: LinkClass) -> None:
    links = list(page_links(html.fromstring(f"<html><body>{markup}</body></html>")))
    assert links[0].link_class is expected


def test_links_of_one_place_share_a_signature() -> None:
    teasers = "".join(f'<div class="card c{n}"><h2><a href="/{n}">A long headline {n}</a></h2></div>' for n in range(3))
    links = list(
        page_links(html.fromstring(f"<html><body><main>{teasers}</main><nav><a href=/m>M</a></nav></body></html>"))
    )
    assert len({link.signature for link in links[:3]}) == 1
    assert links[3].signature != links[0].signature


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/2026/01/07/talks-resume-in-the-capital/", "Y/M/M/S5"),
        ("/news/page/3?lang=en", "news/page/N?lang"),
        ("/a-1234567.html", "S2d.html"),
        ("/", ""),
        ("/%D9%84%D9%88", "S1"),
    ],
)
def test_a_template_keeps_the_kinds_of_segments(url: str, expected: str) -> None:
    assert template(f"https://x.example{url}") == expected


@given(st.text(alphabet="abc019/-_.?=&%", max_size=60))
def test_templates_of_any_url_are_defined(path: str) -> None:
    url = f"https://x.example/{path}"
    assert coarse(template(url))
    is_followed(url)
    if (found := paging_chain(url)) is not None:
        assert found[0].replace("#", str(found[1]), 1).count("/") >= 0
        assert urlsplit(found[0]).netloc == "x.example"


@pytest.mark.parametrize(
    ("path", "is_page"),
    [
        ("/news/talks", True),
        ("/?p=12", True),
        ("/index.php?option=com_content&view=article&id=7", True),
        ("/photo.JPG", False),
        ("/feed/", False),
        ("/story/feed", False),
        ("/wp-login.php", False),
        ("/?s=words", False),
        ("/search", False),
        ("/search?q=words&updated-max=2026", False),
        ("/search/words", False),
        ("/search?updated-max=2026-01-20T10:00:00%2B04:00&max-results=7&start=7&by-date=false", True),
        ("/search?max-results=7&updated-max=2026-01-20T10:00:00-08:00", True),
        ("/search?updated-min=2026-01-01T00:00:00Z&max-results=50", True),
        ("/search/label/Roads", True),
        ("/search/label/Roads%20and%20bridges?updated-max=2026-01-20T10:00:00Z&max-results=20", True),
        ("/story/comment-page-2", False),
    ],
)
def test_files_logins_and_searches_are_not_followed(path: str, is_page: bool) -> None:
    assert is_followed(f"https://x.example{path}") == is_page
