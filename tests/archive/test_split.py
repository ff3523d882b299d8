"""A wrong join is undone from the captures: versions and view counts go with them, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.texts.split import PartOfSplit
from caliber_crawler.archive.upkeep.verification import Finding
from caliber_crawler.commands.cli import main
from caliber_crawler.items import Extraction, Image
from caliber_crawler.site import ArticleURL
from tests.archive.newsroom import Newsroom, article, capture, minutes

BRIDGE, HARVEST = "https://news.example/bridge", "https://news.example/harvest"
TEXTS = {
    BRIDGE: ("Bridge rebuilt", "The council agreed to rebuild the bridge."),
    HARVEST: ("Harvest gathered", "Farmers brought in wheat early this year."),
}


def page(newsroom: Newsroom, url: str, minute: int, *, claimed: tuple[str, ...] = (), **fields: Any) -> Extraction:
    """A stored page and its extraction."""
    headline, body = TEXTS.get(url, TEXTS[BRIDGE])
    kept = newsroom.archive.captures.store(
        capture(minutes(minute), site="news", url=url, body=f"{url} {minute}".encode()), newsroom.run_id
    )
    found = article(
        site="news", url=url, urls=(url, *claimed), headline=headline, body=body, views=minute,
        images=(Image(url=f"{url}.webp"),), **fields,
    )  # fmt: skip
    return Extraction(capture=kept, article=found, layout="new", extractor="x", stated_urls=claimed)


def own_urls(extraction: Extraction) -> list[ArticleURL]:
    return [ArticleURL(url=url) for url in extraction.article.urls]


def join(newsroom: Newsroom, pages: list[Extraction], *, in_place: bool) -> None:
    """Save pages as versions before this one did: as one article, or as two that are merged."""
    for extraction in pages:
        urls = [ArticleURL(url=BRIDGE)] if in_place else own_urls(extraction)
        newsroom.archive.articles.save(extraction, newsroom.run_id, urls)
    if not in_place:
        newsroom.archive.articles._identity._merge(2, 1)
        newsroom.archive.articles.refresh(1)


def split(newsroom: Newsroom, pages: list[Extraction]) -> list[PartOfSplit]:
    return newsroom.archive.split.apply(1, pages, own_urls, newsroom.run_id)


def findings(archive: Archive) -> list[Finding]:
    return [finding for finding in archive.verify() if finding is not None]


@pytest.mark.parametrize("in_place", [True, False], ids=["overwritten", "merged"])
def test_a_split_gives_each_page_its_article_back(newsroom: Newsroom, in_place: bool) -> None:
    pages = [page(newsroom, url, minute) for minute, url in enumerate((BRIDGE, HARVEST, BRIDGE, HARVEST))]
    newsroom.archive.frontier.add(
        [Entry(url=url, site="news", kind="article", discovered_via="listing") for url in TEXTS], newsroom.run_id
    )
    join(newsroom, pages, in_place=in_place)
    for url, due_at in ((BRIDGE, minutes(9)), (HARVEST, None)):
        newsroom.archive.frontier.mark_done(url, minutes(3), status=200, article_id=1, due_at=due_at)
    before = newsroom.values("SELECT count(*) FROM versions")[0]

    parts = split(newsroom, pages)

    assert [(part.url, part.headline, part.captures, part.view_counts) for part in parts] == [
        (BRIDGE, "Bridge rebuilt", 2, 2),
        (HARVEST, "Harvest gathered", 2, 2),
    ]
    assert [part.article for part in parts] == [1, 2]
    assert sum(part.versions for part in parts) >= before
    for part, times in zip(parts, ((0, 2), (1, 3)), strict=True):
        record = newsroom.archive.article(part.article)
        live = [version for version in record["versions"] if version["replaced_by"] is None]
        assert [
            (version["headline"], version["seen_from"][14:16], version["seen_until"][14:16]) for version in live
        ] == [(part.headline, *(f"{minute:02}" for minute in times))]
        assert [count["views"] for count in record["view_counts"]] == list(times)
        assert [image["url"] for image in record["images"]] == [f"{part.url}.webp"]
        assert newsroom.archive.articles.find(part.url) == part.article
    assert newsroom.values("SELECT url FROM frontier WHERE due_at IS NOT NULL ORDER BY url") == [BRIDGE, HARVEST]
    assert findings(newsroom.archive) == []


def test_a_split_leaves_names_to_the_next_search(newsroom: Newsroom) -> None:
    pages = [page(newsroom, url, minute) for minute, url in enumerate((BRIDGE, HARVEST))]
    join(newsroom, pages, in_place=True)
    for _ in newsroom.archive.names.find():
        pass
    assert newsroom.values("SELECT count(*) FROM name_searches") == [1]
    split(newsroom, pages)
    for table in ("name_searches", "mentions", "quotations"):
        assert newsroom.values(f"SELECT count(*) FROM {table}") == [0]
    passed = newsroom.archive.names.find()
    assert sum(passed) == 2


def test_pages_of_one_article_are_not_split(newsroom: Newsroom) -> None:
    pages = [page(newsroom, BRIDGE, 0), page(newsroom, BRIDGE, 1)]
    join(newsroom, pages, in_place=True)
    assert split(newsroom, pages) == []
    assert newsroom.values("SELECT count(*) FROM articles") == [1]


def test_urls_of_one_article_stay_together_and_its_newest_page_decides(newsroom: Newsroom) -> None:
    other = f"{BRIDGE}-rebuilt"
    pages = [
        page(newsroom, BRIDGE, 0, section="old"),
        page(newsroom, HARVEST, 1),
        page(newsroom, other, 2, claimed=(BRIDGE,), section="new"),
        page(newsroom, BRIDGE, 3, section="newest"),
    ]
    join(newsroom, pages, in_place=True)
    parts = split(newsroom, pages)
    assert [(part.url, part.captures) for part in parts] == [(BRIDGE, 3), (HARVEST, 1)]
    assert newsroom.values("SELECT section FROM articles WHERE id = 1") == ["newest"]
    assert newsroom.archive.articles.find(other) == 1
    assert findings(newsroom.archive) == []


def test_a_split_article_is_not_joined_again(newsroom: Newsroom) -> None:
    pages = [page(newsroom, BRIDGE, 0), page(newsroom, HARVEST, 1, claimed=(BRIDGE,))]
    join(newsroom, pages, in_place=True)
    assert len(split(newsroom, pages)) == 2
    again = page(newsroom, HARVEST, 5, claimed=(BRIDGE,))
    saved = newsroom.archive.articles.save(again, newsroom.run_id, own_urls(again))
    assert (saved.article_id, [problem.reason for problem in saved.problems]) == (2, ["canonical_elsewhere"])
    assert findings(newsroom.archive) == []


def test_a_page_without_an_article_today_stays_with_the_article(newsroom: Newsroom) -> None:
    pages = [page(newsroom, url, minute) for minute, url in enumerate((BRIDGE, HARVEST, BRIDGE))]
    join(newsroom, pages, in_place=True)
    parts = split(newsroom, pages[:2])
    assert [(part.url, part.captures) for part in parts] == [(BRIDGE, 2), (HARVEST, 1)]
    assert findings(newsroom.archive) == []


def test_a_failed_split_changes_nothing(newsroom: Newsroom) -> None:
    pages = [page(newsroom, BRIDGE, 0), page(newsroom, HARVEST, 1)]
    join(newsroom, pages, in_place=True)
    before = list(newsroom.archive.db.conn.iterdump())
    with newsroom.rolled_back():
        assert len(split(newsroom, pages)) == 2
    assert list(newsroom.archive.db.conn.iterdump()) == before


def run(*arguments: object) -> Any:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.slow
def test_the_command_extracts_the_pages_again(tmp_path: Path) -> None:
    urls = [f"https://news.example/2026/01/06/{name}" for name in ("bridge-is-rebuilt-now", "harvest-is-gathered-now")]
    path = tmp_path / "a.db"
    for url, (headline, body) in zip(urls, TEXTS.values(), strict=True):
        file = tmp_path / f"{headline}.html"
        file.write_text(
            f'<html><head><title>{headline}</title><meta property="og:type" content="article">'
            '<meta property="article:published_time" content="2026-01-06T10:00:00Z"></head>'
            f"<body><article><h1>{headline}</h1>"
            + f"<p>{body} {headline} today, as everybody had expected since the spring.</p>" * 4
            + "</article></body></html>"
        )
        assert run("ingest", file, "--url", url, "--any-site", "--archive", path)[0] == 0
    assert run("split", 1, "--archive", path) == (
        0, "Nothing to split: 1 page of article 1, all of one article.\n",
    )  # fmt: skip
    with Archive.open(path, mode="write") as archive, archive.transaction():
        archive.articles._identity._merge(2, 1)
        archive.articles.refresh(1)
    code, output = run("split", urls[1], "--archive", path, "--json")
    report = json.loads(output)
    assert (code, report["article"]) == (0, 1)
    assert [(part["article"], part["url"], part["versions"]) for part in report["parts"]] == [
        (1, urls[0], 1),
        (2, urls[1], 1),
    ]
    with Archive.open(path) as archive:
        assert findings(archive) == []
    assert run("split", "https://news.example/unknown", "--archive", path)[0] == 12
