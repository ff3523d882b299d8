from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from lxml import html

from caliber_crawler.demo import DemoSite
from tests.demo.visible import LATER, everything, page, text

LISTINGS = {
    ("en", "analytics"): "/en/category/analytics",
    ("ru", "analytics"): "/category/analitika",
    ("ru", "world"): "/category/mir",
    ("arm", "politics"): "/arm/category/politics",
}


def hrefs(root: html.HtmlElement) -> list[str]:
    return [unquote(card.xpath(".//a[contains(@href, '/post/')]/@href")[0]) for card in cards(root)]


def cards(root: html.HtmlElement) -> list[html.HtmlElement]:
    return list(root.xpath("//*[@class='float_block']"))


def batch(site: DemoSite, path: str, number: int) -> list[str]:
    body = site.respond(f"{path}?page={number}", LATER).body.decode()
    return hrefs(html.fromstring(f"<div>{body}</div>"))


def expected(site: DemoSite, edition: str, section: str) -> list[str]:
    return [
        unquote(truth["url"].removeprefix(site.base_url))
        for truth in everything(site)
        if truth["edition"] == edition and truth["section"] == section
    ]


@pytest.mark.parametrize(("cell", "path"), LISTINGS.items(), ids=LISTINGS.values())
def test_a_listing_and_its_pages_contain_every_article_newest_first(
    site: DemoSite, cell: tuple[str, str], path: str
) -> None:
    wanted, shown, number = expected(site, *cell), hrefs(page(site, path)), 1
    assert len(wanted) == site.count(*cell, at=LATER)
    assert len(shown) == min(20, len(wanted))
    while True:
        number += 1
        more = batch(site, path, number)
        if not more:
            break
        assert more[:2] == shown[-2:], "a page repeats the last two teasers of the page before"
        assert 2 < len(more) <= 20
        shown += more[2:]
    assert shown == wanted


def test_a_page_beyond_the_end_is_empty_and_not_an_error(site: DemoSite) -> None:
    response = site.respond("/en/category/analytics?page=999", LATER)
    assert response.status == 200
    assert response.body.strip() == b""


def test_a_further_page_contains_only_teasers(site: DemoSite) -> None:
    body = site.respond("/en/category/analytics?page=2", LATER).body.decode()
    assert body.strip().startswith('<div class="float_block">')
    assert "<html" not in body
    assert "Caliber.az ©" not in body


def test_a_teaser_has_all_its_parts(site: DemoSite) -> None:
    truths = {truth["slug"]: truth for truth in everything(site)}
    for card in cards(page(site, "/category/mir")):
        picture, title = card.xpath(".//a[contains(@href, '/post/')]/@href")
        assert picture == title
        truth = truths[picture.rpartition("/")[2]]
        assert text(card.xpath(".//h2[@class='float_block_title']")[0]) == truth["headline"]
        style = card.xpath(".//*[@class='float_block_image']/@style")[0]
        assert re.fullmatch(r"""background-image:url\((['"]?)\S+/media/photos/normal/[0-9a-f]{32}\.webp\1\)""", style)
        bottom = card.xpath(".//*[@class='float_block_bottom']")[0]
        link = bottom.xpath("./a[@href='/category/mir']/*[@class='float_block_category']")
        assert [text(label) for label in link] == ["МИР"]
        assert re.fullmatch(
            r"\d\d [А-Я][а-я]+ \d{4} \d\d:\d\d", text(bottom.xpath("./*[@class='float_block_time']")[0])
        )


@pytest.mark.parametrize(("path", "edition"), [("/", "ru"), ("/ru/", "ru"), ("/en", "en"), ("/arm", "arm")])
def test_home_pages_show_the_newest_articles_of_their_edition(site: DemoSite, path: str, edition: str) -> None:
    newest = [unquote(t["url"].removeprefix(site.base_url)) for t in everything(site) if t["edition"] == edition][:20]
    assert hrefs(page(site, path)) == newest


def test_article_pages_contain_no_teasers(site: DemoSite) -> None:
    root = page(site, "/en/post/baku-s-geopolitical-formula")
    assert not cards(root)
    assert root.xpath("//@data-more") == ["/en/category/analytics"]


@pytest.mark.slow
def test_a_site_with_one_section_has_no_other(site: DemoSite) -> None:
    analytics = DemoSite(1_000, sections=["analytics"])
    assert sum(analytics.count(edition, "analytics") for edition in ("en", "ru", "arm")) == 1_000
    assert {truth["section"] for truth in analytics.truth(LATER)} == {"analytics"}
    assert analytics.respond("/category/mir", LATER).status == 404
    politics = DemoSite(50, sections=["politics"])
    assert politics.respond("/en/post/baku-s-geopolitical-formula", LATER).status == 404
    assert len(list(politics.truth(LATER))) == 50
