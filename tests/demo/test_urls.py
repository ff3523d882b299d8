from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal
from urllib.parse import quote, unquote

import pytest
from lxml import etree

from caliber_crawler.demo import DemoSite
from tests.demo.visible import LATER, everything, lines, only, page, text


def answers(site: DemoSite, target: str) -> int:
    return site.respond(target, LATER).status


@pytest.mark.slow
def test_every_url_of_every_article_responds() -> None:
    site = DemoSite(200, seed=5)
    for truth in site.truth(LATER):
        assert truth["url"] == truth["urls"][0]
        assert len(set(truth["urls"])) == len(truth["urls"])
        for url in truth["urls"]:
            assert answers(site, url.removeprefix(site.base_url)) == 200, url


def test_all_urls_of_an_article_give_the_same_page_in_the_new_layout(site: DemoSite) -> None:
    for truth in everything(site)[:100]:
        pages = {
            site.respond(url.removeprefix(site.base_url), LATER).body
            for url in truth["urls"]
            if url not in truth["old_layout_urls"]
        }
        assert len(pages) == 1


def test_urls_have_the_format_of_their_edition(site: DemoSite) -> None:
    forms = {
        "en": r"/en/post/[a-z0-9]+(-[a-z0-9]+)*",
        "ru": r"/post/[a-z0-9]+(-[a-z0-9]+)*",
        "arm": r"/arm/post/(%[0-9A-F]{2}|[a-z0-9-])+",
    }
    for truth in everything(site):
        assert re.fullmatch(forms[truth["edition"]], truth["url"].removeprefix(site.base_url))


def test_slugs_are_unique_in_an_edition(site: DemoSite) -> None:
    keys = [(truth["edition"], truth["slug"]) for truth in everything(site)]
    assert len(set(keys)) == len(keys) == 600


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_in_a_url_can_be_composed_or_decomposed(site: DemoSite, form: Literal["NFC", "NFD"]) -> None:
    truth = next(t for t in everything(site) if "türkiye" in t["slug"])
    path = unicodedata.normalize(form, f"/arm/post/{truth['slug']}")
    assert answers(site, quote(path)) == answers(site, quote(path) + "/") == 200


@pytest.mark.parametrize("query", ["fbclid=IwAR0x", "utm_source=t.me&utm_medium=social", ""])
def test_tracking_parameters_change_nothing(site: DemoSite, query: str) -> None:
    path = "/en/post/baku-s-geopolitical-formula"
    assert site.respond(f"{path}?{query}", LATER).body == site.respond(path, LATER).body


def test_a_numeric_url_has_the_old_layout_with_a_slash_and_the_new_without(site: DemoSite) -> None:
    for edition, prefixes in (("en", ["/en"]), ("ru", ["/ru", ""]), ("arm", ["/arm"])):
        truth = next(t for t in everything(site) if t["edition"] == edition and t["numeric_urls"])
        for prefix in prefixes:
            new = page(site, f"{prefix}/post/{truth['post_number']}")
            assert text(only(new, ".post_categoty")) == truth["section_label"]
            old = page(site, f"{prefix}/post/{truth['post_number']}/")
            assert not old.xpath("//*[@class='post']")
            assert truth["headline"] in lines(old)


def test_only_articles_before_mid_2024_have_numbers(site: DemoSite) -> None:
    for truth in everything(site):
        assert bool(truth["numeric_urls"]) == (truth["post_number"] is not None)
        assert (truth["post_number"] is not None) == (truth["published_local"] < "2024-07-01")


def test_post_numbers_increase_with_time_over_all_languages(site: DemoSite) -> None:
    numbers = [truth["post_number"] for truth in everything(site) if truth["post_number"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == len(numbers) > 300


def test_a_number_of_another_edition_is_not_found(site: DemoSite) -> None:
    truth = next(t for t in everything(site) if t["edition"] == "en" and t["numeric_urls"])
    assert answers(site, f"/arm/post/{truth['post_number']}") == 404


@pytest.mark.parametrize(
    "target",
    [
        "/en/post/nothing-of-the-kind",
        "/en/post/1",
        "/en/post/99999999999999999999",
        "/en/post/",
        "/post/baku-s-geopolitical-formula",
        "/en/category/sport",
        "/en/rss",
        "/sitemap.xml",
        "/media/photos/original/short.webp",
        "/%ff%fe",
        "/az/",
    ],
)
def test_an_unknown_url_gives_the_404_page(site: DemoSite, target: str) -> None:
    response = site.respond(target, LATER)
    assert response.status == 404
    assert dict(response.headers)["content-type"].startswith("text/html")
    assert "Caliber.az © 2026." in response.body.decode()


def test_robots_allow_everything_except_search(site: DemoSite) -> None:
    response = site.respond("/robots.txt", LATER)
    assert dict(response.headers)["content-type"].startswith("text/plain")
    assert response.body.decode().split("\n") == ["User-agent: *", "Disallow: /search", ""]


def test_the_feed_has_the_newest_articles_and_the_traps_of_sister_sites(site: DemoSite) -> None:
    response = site.respond("/rss.xml", LATER)
    feed: Any = etree.fromstring(response.body)
    newest = everything(site)[:30]
    assert [unquote(link) for link in feed.xpath("//item/link/text()")] == [unquote(t["url"]) for t in newest]
    assert len(set(feed.xpath("//item/guid/text()"))) == 1
    assert any("&" in title for title in feed.xpath("//item/title/text()"))
    assert b"<![CDATA[<p>" in response.body
    assert feed.xpath("//item/pubDate/text()")[0].endswith(" +0400")


def test_rss_without_extension_is_an_html_page(site: DemoSite) -> None:
    response = site.respond("/rss", LATER)
    assert response.status == 200
    assert dict(response.headers)["content-type"].startswith("text/html")


def test_a_search_gives_teasers_with_the_words_in_their_headlines(site: DemoSite) -> None:
    found = page(site, f"/search/{quote('Baku geopolitical')}")
    assert [text(title) for title in found.xpath("//h2")] == ["Baku’s geopolitical formula"]
    assert not page(site, "/search/xyzzy").xpath("//h2")


@pytest.mark.parametrize("size", ["original", "normal"])
def test_pictures_are_valid_webp(site: DemoSite, size: str) -> None:
    truth = everything(site)[0]
    path = truth["cover_image"].removeprefix(site.base_url).replace("original", size)
    response = site.respond(path, LATER)
    assert dict(response.headers)["content-type"] == "image/webp"
    assert response.body[:4] == b"RIFF"
    assert response.body[8:16] == b"WEBPVP8L"
    assert int.from_bytes(response.body[4:8], "little") == len(response.body) - 8
