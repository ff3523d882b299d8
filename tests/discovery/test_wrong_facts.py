"""Each fact of a site definition wrong, one by one: a crawl of the demo site finds every article all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from caliber_crawler.demo import DemoSite
from caliber_crawler.site import Feed, Layout, Listings, Site, Sitemaps
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import AT
from tests.discovery.driven import Answer, PaperCrawler

KNOWN = CaliberSpider.site


class Demo:
    """The demo site in memory."""

    def __init__(self) -> None:
        self.site = DemoSite(articles=60, seed=1, sections=("analytics",), clock=lambda: AT)

    def answer(self, url: str) -> Answer:
        parts = urlsplit(url)
        response = self.site.respond(f"{parts.path}?{parts.query}" if parts.query else parts.path, AT)
        types = [value for name, value in response.headers if name.lower() == "content-type"]
        return Answer(response.body, response.status, types[0] if types else "text/html")

    def slugs(self) -> set[str]:
        return {row["url"].rpartition("/")[2] for row in self.site.truth(AT) if row["language"] == "en"}


def with_section(**facts: object) -> Site:
    english = KNOWN.edition("en")
    assert english is not None
    analytics = replace(english.sections["analytics"], **facts)  # type: ignore[arg-type]
    sections = {**english.sections, "analytics": analytics}
    editions = tuple(replace(each, sections=sections) if each is english else each for each in KNOWN.editions)
    return replace(KNOWN, editions=editions)


def with_listing(**facts: object) -> Site:
    assert KNOWN.listing is not None
    return replace(KNOWN, listing=replace(KNOWN.listing, **facts))  # type: ignore[arg-type]


def with_layout(**facts: object) -> Site:
    return replace(KNOWN, layouts=(replace(KNOWN.layouts[0], **facts),))  # type: ignore[arg-type]


REPORTED = {
    "the path of the section",
    "the path and the label of the section",
    "the request for further teasers",
    "the path of that request",
    "no request for further teasers",
}
"""Facts whose replacement a run reports."""
WRONG: dict[str, Site] = {
    "nothing": KNOWN,
    "the path of the section": with_section(path="/en/category/analysis"),
    "the path and the label of the section": with_section(path="/en/category/analysis", labels=("REPORTS",)),
    "the label of the section": with_section(labels=("REPORTS",)),
    "the teaser": with_listing(teaser=".card"),
    "the link": with_listing(link="a.title"),
    "the headline of a teaser": with_listing(headline=".card_title"),
    "the section of a teaser": with_listing(section=".card_category"),
    "the date of a teaser": with_listing(date=".card_time"),
    "the image of a teaser": with_listing(image=".card_image"),
    "the request for further teasers": with_listing(more="?start={offset}", page_size=20),
    "no request for further teasers": with_listing(more="", page_size=0),
    "the path of that request": with_listing(more="/load?page={page}"),
    "the feed": replace(KNOWN, sources=(Listings(), Feed(path="/feed.rss"))),
    "the sitemap": replace(KNOWN, sources=(Listings(), Sitemaps(paths=("/map.xml",), is_default=True))),
    "the article": with_layout(article=".story"),
    "the headline": with_layout(headline="h1.title"),
    "the date": with_layout(date=".date"),
    "the body": with_layout(body=".content"),
    "the section": with_layout(section=".rubric"),
    "the signature": with_layout(signature=".by"),
    "the view counter": with_layout(views=".counter"),
    "the cover": with_layout(cover=".picture"),
    "what to drop": with_layout(drop=("div.advert",)),
    "the date formats": replace(KNOWN, date_formats=("%Y.%m.%d",)),
    "the time zone": replace(KNOWN, timezone="UTC"),
    "trailing slashes": replace(KNOWN, trailing_slash=True),
    "the hosts": replace(KNOWN, hosts=()),
    "the signatures": replace(KNOWN, signatures=("The Paper",)),
    "the layouts": replace(KNOWN, layouts=(Layout(name="new", article=".x", headline="h6", date=".y", body=".z"),)),
}


QUICK = ("nothing", "the path of the section", "the request for further teasers", "the layouts")
"""Facts that `make check` replaces: none, a listing's URL, its pagination, and an article's layout."""


@pytest.mark.parametrize(
    "fact", [fact if fact in QUICK else pytest.param(fact, marks=pytest.mark.slow) for fact in WRONG]
)
def test_a_wrong_fact_costs_no_article(fact: str, tmp_path: Path) -> None:
    demo = Demo()
    crawler = PaperCrawler(tmp_path / "a.db", demo, WRONG[fact])
    crawler.crawl(sections=("analytics",))
    urls = [url for (url,) in crawler.rows("SELECT url FROM articles")]
    assert len(urls) == len(demo.slugs())
    assert {url.rstrip("/").rpartition("/")[2] for url in urls} == demo.slugs()
    replaced = crawler.rows("SELECT message FROM problems WHERE reason = 'fact_replaced'")
    assert len(replaced) == (fact in REPORTED)
