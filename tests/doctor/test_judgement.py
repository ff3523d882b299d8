"""The judgement of a sample: what matches the definition, what differs, and what the sample cannot show."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite
from caliber_crawler.doctor.judgement import ADVICE, OPTIONAL, WANTED, Finding, Page, check_site
from caliber_crawler.items import Capture, PageKind
from caliber_crawler.site import Feed, Links, Listings, PostIds, Search, Site, Sitemaps
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import AT

DEMO = DemoSite(articles=60, clock=lambda: AT, sections=("analytics",))
SITE = CaliberSpider.site.served_at(DEMO.base_url)
LISTING = "/en/category/analytics"
POST_IDS = PostIds(paths={"en": "/en/post/{number}/"}, last=9)


@cache
def article_path(number: int = 0) -> str:
    urls = [page["url"] for page in DEMO.truth(AT) if page["language"] == "en"]
    return str(urls[number]).removeprefix(DEMO.base_url)


def page(path: str, kind: PageKind = "listing", via: str = "listing", number: int = 1, **fields: Any) -> Page:
    """A page of the demo site; ``fields`` replace those of its capture."""
    response = DEMO.respond(path)
    usual = {"status": response.status, "headers": response.headers, "body": response.body}
    sure = fields.pop("sure", True)
    capture = Capture(site="caliber", kind=kind, url=DEMO.base_url + path, fetched_at=AT, **usual | fields)
    return Page(capture=capture, discovered_via=via, page_number=number, sure=sure)


def article(number: int = 0, **fields: Any) -> Page:
    return page(article_path(number), "article", **fields)


def numbered(status: int, **fields: Any) -> Page:
    return article(via="post_ids", status=status, **fields)


def check(*pages: Page, sources: tuple[Any, ...] = (Listings(),), site: Site = SITE) -> list[Finding]:
    return check_site(pages, replace(site, sources=sources))


def only(findings: list[Finding], subject: str) -> Finding:
    (finding,) = (each for each in findings if each.subject.startswith(subject))
    return finding


def test_a_listing_with_dated_teasers_matches() -> None:
    (finding,) = check(page(LISTING))
    assert (finding.subject, finding.sound, finding.advice) == (f"listing {DEMO.base_url}{LISTING}", True, "")


def test_a_second_page_matches_if_it_has_new_articles() -> None:
    first, second = page(LISTING), page(f"{LISTING}?page=2", number=2)
    assert [finding.sound for finding in check(first, second)] == [True, True]
    _, repeated = check(first, page(LISTING, number=2))
    assert (repeated.sound, repeated.found.endswith(", none new")) == (False, True)
    assert repeated.advice == "correct listing.more or listing.next: caliber doctor --scroll finds it"


@pytest.mark.parametrize(
    ("via", "number", "sound", "advice"),
    [
        ("listing", 1, False, "correct listing.teaser and listing.link"),
        ("search", 1, False, "correct the search's path: a headline contains the word"),
        ("feed", 1, False, "see the page in a browser"),
        ("listing", 2, None, "if the list has more articles than its first page, correct listing.more or listing.next"),
        ("search", 2, None, "if the list has more articles than its first page, correct Search.more"),
    ],
)
def test_only_a_first_page_without_articles_is_a_difference(
    via: str, number: int, sound: bool | None, advice: str
) -> None:
    empty = page(LISTING, via=via, number=number, body=b"<html><body><p>Nothing here.</p></body></html>")
    finding = only(check(empty), via)
    assert (finding.sound, finding.advice) == (sound, advice)


@pytest.mark.parametrize(
    ("fields", "number", "found", "advice"),
    [
        ({"status": 404}, 1, "answered 404", ADVICE["listing"]),
        ({"status": 404}, 2, "answered 404", "correct listing.more or listing.next"),
        ({"status": None, "error": "no answer within 30 s"}, 1, "no answer within 30 s", ADVICE["listing"]),
        (
            {"status": None, "error": "disallowed", "error_code": "robots"},
            2,
            "disallowed",
            "remove the source: robots.txt disallows it",
        ),
    ],
)
def test_an_unavailable_list_is_a_difference(fields: dict[str, Any], number: int, found: str, advice: str) -> None:
    (finding,) = check(page(LISTING, number=number, **fields))
    assert (finding.sound, finding.found, finding.advice) == (False, found, advice)


SITEMAPS = [
    (f"<url><loc>{SITE.base_url}/en/post/x</loc></url>", "urlset", True, "1 article, 0 further sitemaps"),
    (f"<sitemap><loc>{SITE.base_url}/s.xml</loc></sitemap>", "sitemapindex", True, "0 articles, 1 further sitemap"),
    ("", "urlset", False, "0 articles, 0 further sitemaps"),
]


@pytest.mark.parametrize(("entries", "root", "sound", "found"), SITEMAPS)
def test_a_sitemap_has_articles_or_further_sitemaps(entries: str, root: str, sound: bool, found: str) -> None:
    body = f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()
    sitemap = page(
        "/s.xml", "sitemap", "sitemap", status=200, headers=(("content-type", "application/xml"),), body=body
    )
    (finding,) = check(sitemap, sources=(Sitemaps(),))
    assert (finding.sound, finding.found) == (sound, found)
    assert finding.advice == ("" if sound else ADVICE["sitemap"])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (Feed(path="/rss.xml"), "no page led there"),
        (Search(path="/search/{query}"), "no article was extracted whose words can be searched for"),
        (Links(), "no article was extracted"),
    ],
)
def test_a_source_without_a_page_is_not_checked(source: Any, reason: str) -> None:
    finding = only(check(page(LISTING), sources=(Listings(), source)), source.name)
    assert (finding.sound, finding.found, finding.advice) == (None, "not checked", reason)


@pytest.mark.parametrize(
    ("status", "sure", "sound"),
    [(200, True, True), (404, True, False), (404, False, None), (410, False, None), (500, False, False)],
)
def test_only_a_guessed_post_id_may_be_missing(status: int, sure: bool, sound: bool | None) -> None:
    finding = only(check(numbered(status, sure=sure), sources=(POST_IDS,)), "post")
    assert finding.sound is sound
    assert finding.found == ("an article" if status == 200 else f"answered {status}")


def test_a_post_id_that_leads_to_a_list_is_a_difference() -> None:
    lists = page(LISTING, "article", "post_ids", body=b"<html><body><h1>All</h1></body></html>")
    finding = only(check(lists, sources=(POST_IDS,)), "post_ids")
    assert (finding.sound, finding.advice) == (False, ADVICE["post_ids"])


def test_every_field_of_an_article_is_checked() -> None:
    findings = check(page(LISTING), article())
    fields = {each.subject.rpartition(": ")[2]: each for each in findings if each.subject.startswith("article ")}
    assert fields.keys() == {*WANTED}
    assert all(each.sound for each in fields.values())
    optional = {each.subject.rpartition(": ")[2]: each for each in findings if each.subject.startswith("articles: ")}
    assert optional.keys() <= {*OPTIONAL}
    assert optional["cover_image"].found == "in 1 of 1"


def test_an_optional_field_that_no_article_has_is_uncertain() -> None:
    layouts = tuple(replace(layout, cover="img.no-such-class") for layout in SITE.layouts)
    finding = only(check(article(), article(1), site=replace(SITE, layouts=layouts)), "articles: cover_image")
    assert (finding.sound, finding.found) == (None, "in 0 of 2")
    assert finding.advice == "if articles have one, correct the layout's cover"


def test_a_field_without_a_selector_is_not_checked() -> None:
    layouts = tuple(replace(layout, cover="", views="") for layout in SITE.layouts)
    subjects = [each.subject for each in check(article(), site=replace(SITE, layouts=layouts))]
    assert not [subject for subject in subjects if subject.endswith((": cover_image", ": views"))]


@pytest.mark.parametrize(
    ("fields", "found"),
    [({"status": 404}, "answered 404"), ({"status": None, "error": "no answer"}, "no answer")],
)
def test_an_unavailable_article_is_a_difference(fields: dict[str, Any], found: str) -> None:
    finding = only(check(page(LISTING), article(**fields)), "article ")
    assert (finding.sound, finding.found, finding.advice) == (False, found, "see the page in a browser")


def test_links_in_articles_are_counted() -> None:
    linking = article()
    link = f'<a href="{DEMO.base_url}{article_path(1)}">more</a>'.encode()
    body = linking.capture.body.replace(b"</p>", link + b"</p>")
    linked = only(check(page(LISTING), article(body=body), sources=(Listings(), Links())), "links")
    assert (linked.sound, linked.advice) == (True, "")


def test_a_wrong_article_path_is_the_cause_with_an_example() -> None:
    site = replace(SITE, article_path=r"/news/(?P<slug>[^/]+)")
    (finding,) = check(page(LISTING), site=site)
    assert finding.sound is False
    assert f"{DEMO.base_url}/en/post/" in finding.found
    assert finding.advice == "correct article_path, which they do not match: /news/(?P<slug>[^/]+)"
