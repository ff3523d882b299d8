"""Responses without a page in web archives: gone, redirected, not modified. They count as in a crawl, in any order."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.items import Capture
from caliber_crawler.warc import ResolvedURL, Skipped
from tests.archive.newsroom import NOON
from tests.properties import examples
from tests.warc.newsstand import HTML, PAGE, SITE, exported, held, run, site_resolver, take_in
from tests.warc.records import captures, in_members, read, reasons, record, response

URL, SLUG, HOME = "https://caliber.az/en/post/1", "https://caliber.az/en/post/roads-and-rails", "https://caliber.az/en"


def page(day: float, headline: str = "Corridors", url: str = URL) -> Capture:
    body = PAGE.format(headline=headline, body="", views=int(day * 10)).encode()
    return answer(day, 200, url=url, body=body)


def answer(day: float, status: int, url: str = URL, body: bytes = b"", *headers: tuple[str, str]) -> Capture:
    at = NOON + timedelta(days=day)
    return Capture(site="caliber", url=url, fetched_at=at, status=status, headers=HTML + headers, body=body)


def state(path: Path) -> tuple[object, ...]:
    """Return the state of the only article and its URL, which must not depend on the order of captures."""
    with Archive.open(path) as archive:
        (article,) = archive.db.execute("SELECT headline, gone_at, first_seen_at, last_seen_at, views FROM articles")
        frontier = archive.db.execute("SELECT state, visited_at, due_at, last_status FROM frontier").fetchall()
        stood = "SELECT headline, seen_from, seen_until FROM versions WHERE replaced_by IS NULL ORDER BY seen_from"
        versions = archive.db.execute(stood).fetchall()
    return article, frontier, versions


def gone_since(path: Path) -> str | None:
    with Archive.open(path) as archive:
        return archive.article(URL)["gone_at"]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("story", "gone"),
    [
        ([page(0), answer(1, 404)], "2026-01-08T12:00:00Z"),
        ([page(0), answer(1, 410), answer(2, 404)], "2026-01-08T12:00:00Z"),
        ([page(0), answer(1, 404), page(2)], None),
        ([page(0), answer(1, 404), page(2), answer(3, 404)], "2026-01-10T12:00:00Z"),
        ([answer(0, 404), page(1)], None),
        ([page(0), answer(1, 404), answer(2, 304)], None),
        ([page(0), answer(1, 503)], None),
        ([page(0), answer(1, 301, URL, b"", ("Location", HOME))], "2026-01-08T12:00:00Z"),
        ([page(0), answer(1, 200, URL, b"<title>404 Not found</title><p>Sorry</p>")], "2026-01-08T12:00:00Z"),
    ],
)
def test_an_article_is_gone_since_the_first_response_that_reports_it(
    tmp_path: Path, story: list[Capture], gone: str | None
) -> None:
    for name, responses in (("forwards", story), ("backwards", story[::-1])):
        take_in(tmp_path / name, responses)
        assert gone_since(tmp_path / name) == gone


STORY = [page(0), answer(1, 404), page(2, "Corridors, changed"), answer(3, 304), answer(4, 410), answer(5, 404)]


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, ...]:
    path = tmp_path_factory.mktemp("in-order") / "a.db"
    take_in(path, STORY)
    return state(path)


@pytest.mark.slow
@settings(max_examples=examples(5), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(responses=st.permutations(STORY))
def test_the_order_of_responses_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, in_order: tuple[object, ...], responses: list[Capture]
) -> None:
    path = tmp_path_factory.mktemp("responses") / "a.db"
    take_in(path, responses)
    assert state(path) == in_order
    article, frontier, _ = in_order
    assert article[1] == "2026-01-11T12:00:00Z"  # type: ignore[index]
    assert frontier == [("gone", "2026-01-12T12:00:00Z", None, 404)]


@pytest.mark.slow
def test_the_distribution_over_files_does_not_matter(tmp_path: Path, in_order: tuple[object, ...]) -> None:
    for number, responses in enumerate(permutations(STORY, len(STORY))):
        if number % 60 == 7:
            path = tmp_path / f"{number}.db"
            for each in responses:
                take_in(path, [each])
            assert state(path) == in_order


def test_an_old_gone_response_does_not_block_a_listed_article(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    addresses = tmp_path / "addresses.txt"
    addresses.write_text(f"{URL}\n")
    run("ingest", addresses, "--archive", path)
    take_in(path, [answer(-900, 404)])
    with Archive.open(path) as archive:
        entry = archive.frontier.get(URL)
        assert entry is not None
        assert entry.state == "queued"


def test_non_article_pages_are_not_stored_as_articles(tmp_path: Path) -> None:
    wall = b"<title>Just a moment...</title><div id='cf-turnstile'></div><p>Checking your browser</p>"
    login = b"<h1>Corridors</h1><form><input type='password'></form>"
    ingester = take_in(tmp_path / "a.db", [answer(0, 200, body=wall), answer(1, 200, body=login)])
    assert ingester.counts["failed"] == 2
    with Archive.open(tmp_path / "a.db") as archive:
        assert archive.articles() == []
        assert [row["reason"] for row in archive.db["problems"].rows] == ["bot_challenge", "login_wall"]


def resolve_url(url: str) -> ResolvedURL | None:
    return site_resolver(SITE)(url)


def moved(url: str, to: str, **fields: str) -> bytes:
    return record(response(b"", "301 Moved", {"Location": to}), url=url, **fields)


def test_a_redirected_page_has_both_urls(tmp_path: Path) -> None:
    file = tmp_path / "crawl.warc.gz"
    body = PAGE.format(headline="Corridors", body="", views=1).encode()
    old = "https://caliber.az/en/post/old-roads"
    file.write_bytes(in_members(moved(URL, "/en/post/old-roads"), moved(old, SLUG), record(response(body), url=SLUG)))
    result = run("ingest", file, "--archive", tmp_path / "a.db", "--jobs", 1)
    assert result.exit_code == 0
    assert "skipped" not in result.output
    with Archive.open(tmp_path / "a.db") as archive:
        capture = archive.captures.get(1)
        assert (capture.url, capture.redirects, capture.final_url) == (URL, (old,), SLUG)
        assert archive.articles.find(URL) == archive.articles.find(SLUG) == 1
    again = exported(tmp_path / "a.db", tmp_path / "again.warc.gz")
    run("ingest", again, "--archive", tmp_path / "b.db", "--jobs", 1)
    assert held(tmp_path / "b.db") == held(tmp_path / "a.db")


@pytest.mark.parametrize(
    ("between", "reason"),
    [
        ((moved(URL, SLUG), moved(SLUG, URL)), {"redirect"}),
        ((moved(URL, "https://example.org/news"),), {"redirect"}),
        ((moved(URL, "https://caliber.az/en/category/world"),), {"redirect"}),
        ((moved(URL, "http://www.caliber.az/en/post/1/"),), {"redirect"}),
        ((record(response(b"", "302 Found", {}), url=URL),), {"bad_location"}),
        ((moved(URL, SLUG, WARC_Date="2020-01-01T00:00:00Z"), record(response(), url=SLUG)), {"redirect"}),
    ],
    ids=["a circle", "another site", "no article", "itself", "nowhere", "long before"],
)
def test_a_redirect_without_a_target_page_is_counted(between: tuple[bytes, ...], reason: set[str]) -> None:
    warc = in_members(*between, record(response(), url=f"{URL}9"))
    assert set(reasons(warc)) == reason
    assert [capture.final_url for capture in captures(warc)][-1] is None
    assert all(each.url for each in read(warc) if isinstance(each, Skipped))
