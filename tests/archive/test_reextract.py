"""Re-extraction of stored pages: better texts, no false edits, no other changes, and safe to kill."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, ReextractionFilter
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.reextraction.run import ReextractionRun, batches
from caliber_crawler.site import SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import NOON, Newsroom, article, minutes, start_run
from tests.conftest import ROOT, Result, run_code
from tests.properties import examples

OLD, NEW = "caliber_crawler 0.1.0 (old)", "caliber_crawler 0.2.0 (new)"
HISTORY = """SELECT headline, seen_from, seen_until FROM versions WHERE replaced_by IS NULL ORDER BY seen_from, id"""
EDITS = "SELECT old_headline, new_headline, seen_before, seen_after FROM edits ORDER BY seen_after"


class Better(Reextractor):
    """Takes the text before ``|`` as headline, and the text between ``|`` and ``#`` as body."""

    def extract(self, capture: Capture) -> Extraction | Problem:
        headline, _, body = capture.body.decode().partition("|")
        if not headline:
            return Problem(stage="extract", reason="no_headline", message="No headline.", fatal=True)
        found = article(url=capture.url, headline=headline, body=body.partition("#")[0] or "Text.", views=7)
        return Extraction(capture=capture, article=found, layout="new", extractor=NEW)


BETTER = Better(SiteRegistry())


class Crashing(Better):
    """Crashes its process on one page."""

    def extract(self, capture: Capture) -> Extraction | Problem:
        if b"crash" in capture.body:
            os._exit(1)
        return super().extract(capture)


def reextract(archive: Archive, wanted: ReextractionFilter | None = None, **options: object) -> ReextractionRun:
    pages = archive.reextractions.pages(wanted or ReextractionFilter(extractors={"caliber": NEW}))
    work = ReextractionRun(archive, BETTER, **options)  # type: ignore[arg-type]
    for _ in work.run(pages, None if options.get("dry_run") else start_run(archive)):
        pass
    return work


def save_old(newsroom: Newsroom, minute: float, page: str, **fields: object) -> None:
    """Save a page from which the old code extracted only the first word of the headline, and noise."""
    headline = f"{page.partition('|')[0].split()[0]} (old)"
    newsroom.save(minutes(minute), page=page.encode(), extractor=OLD, headline=headline, body="Text.", **fields)


def rows(newsroom: Newsroom, sql: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in newsroom.archive.db.execute(sql)]


@pytest.mark.slow
def test_a_better_extraction_replaces_a_version_and_is_not_an_edit(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "One headline|", views=100)
    save_old(newsroom, 60, "One headline|#", views=120)
    before = rows(newsroom, "SELECT * FROM view_counts")
    work = reextract(newsroom.archive)
    assert work.tally.counts == {"pages": 2, "articles": 1, "unreadable": 0, "changed": 1}
    assert work.tally.fields == {"headline": 1}
    record = newsroom.archive.articles.show(1)
    assert (record["headline"], record["version_count"], record["extractor"]) == ("One headline", 1, NEW)
    assert [version["cause"] for version in record["versions"]] == ["first", "reextract"]
    assert [bool(version["replaced_by"]) for version in record["versions"]] == [True, False]
    assert rows(newsroom, EDITS) == []
    assert rows(newsroom, "SELECT * FROM view_counts") == before
    assert newsroom.values("SELECT first_seen_at FROM articles") == ["2026-01-07T12:00:00Z"]


def test_an_edit_stays_an_edit_after_a_better_extraction(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "One headline|")
    save_old(newsroom, 60, "Two headlines|")
    reextract(newsroom.archive)
    assert [row[:2] for row in rows(newsroom, EDITS)] == [("One headline", "Two headlines")]
    assert newsroom.values("SELECT version_count FROM articles") == [2]


def test_an_edit_that_was_only_noise_disappears(newsroom: Newsroom) -> None:
    newsroom.save(page=b"One|#1", extractor=OLD, headline="One, 3 minutes ago")
    newsroom.save(minutes(9), page=b"One|#2", extractor=OLD, headline="One, 12 minutes ago")
    assert len(rows(newsroom, EDITS)) == 1
    reextract(newsroom.archive)
    assert rows(newsroom, EDITS) == []
    assert rows(newsroom, HISTORY) == [("One", "2026-01-07T12:00:00Z", "2026-01-07T12:09:00Z")]


def test_a_second_re_extraction_changes_nothing(newsroom: Newsroom) -> None:
    for minute in range(6):
        save_old(newsroom, minute, f"Headline {minute // 2}|{minute}", views=minute)
    reextract(newsroom.archive)
    assert newsroom.archive.reextractions.pages(ReextractionFilter(extractors={"caliber": NEW})) == []
    before = [line for line in newsroom.archive.db.conn.iterdump() if '"runs"' not in line]
    assert reextract(newsroom.archive, ReextractionFilter()).tally.counts["unchanged"] == 1
    assert [line for line in newsroom.archive.db.conn.iterdump() if '"runs"' not in line] == before


def test_a_dry_run_reports_changes_and_changes_nothing(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "One headline|A better body.")
    before = list(newsroom.archive.db.conn.iterdump())
    tally = reextract(newsroom.archive, dry_run=True).tally
    assert tally.fields == {"headline": 1, "body": 1}
    assert (tally.examples["body"].before, tally.examples["body"].after) == ("Text.", "A better body.")
    assert list(newsroom.archive.db.conn.iterdump()) == before


def test_a_single_field_can_be_re_extracted(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "One headline|A better body.")
    reextract(newsroom.archive, ReextractionFilter(), only="body")
    assert rows(newsroom, "SELECT headline, body FROM article_texts") == [("One (old)", "A better body.")]


def test_a_failed_page_can_give_an_article_later(newsroom: Newsroom) -> None:
    for path, page in (("1001", b"A headline at last|"), ("1002", b"|")):
        url = f"https://caliber.az/en/post/{path}"
        newsroom.archive.captures.store(Capture(site="caliber", url=url, fetched_at=NOON, status=200, body=page), 1)
    assert reextract(newsroom.archive).tally.counts["pages"] == 0
    work = ReextractionRun(newsroom.archive, Better(SiteRegistry([CaliberSpider.site])))
    for _ in work.run(newsroom.archive.reextractions.pages(ReextractionFilter(failed=True)), newsroom.run_id):
        pass
    assert (work.tally.counts["saved"], work.tally.counts["unreadable"]) == (1, 1)
    assert newsroom.values("SELECT headline FROM articles") == ["A headline at last"]
    assert newsroom.values("SELECT views FROM view_counts") == [7]


def test_a_page_that_can_no_longer_be_extracted_keeps_its_text(newsroom: Newsroom) -> None:
    newsroom.save(page=b"|no headline", extractor=OLD, headline="Known text")
    assert reextract(newsroom.archive).tally.counts["unreadable"] == 1
    assert newsroom.values("SELECT headline FROM article_texts") == ["Known text"]


@pytest.mark.parametrize(("since", "until", "found"), [(None, 5, 1), (5, None, 1), (0, 20, 2), (3, 4, 0)])
def test_pages_are_selected_by_fetch_time(newsroom: Newsroom, since: int | None, until: int | None, found: int) -> None:
    for minute in (0, 10):
        save_old(newsroom, minute, "One|", article_urls=(f"https://caliber.az/en/post/{1000 + minute}",))
    wanted = ReextractionFilter(
        since=None if since is None else minutes(since), until=None if until is None else minutes(until)
    )
    assert len(newsroom.archive.reextractions.pages(wanted)) == found


def test_saving_a_page_re_extracts_older_pages_of_the_article_with_the_same_code(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "One headline|")
    save_old(newsroom, 30, "One headline|#")
    for minute, page in ((60, b"One headline|##"), (90, b"Two headlines|")):
        extraction = BETTER(newsroom.archive.captures.store(_capture(minute, page), newsroom.run_id))
        assert extraction is not None
        newsroom.archive.articles.save(extraction, newsroom.run_id, reextract=BETTER)
    assert [row[:2] for row in rows(newsroom, EDITS)] == [("One headline", "Two headlines")]
    assert rows(newsroom, HISTORY) == [
        ("One headline", "2026-01-07T12:00:00Z", "2026-01-07T13:00:00Z"),
        ("Two headlines", "2026-01-07T13:30:00Z", "2026-01-07T13:30:00Z"),
    ]


def _capture(minute: int, page: bytes) -> Capture:
    url = "https://caliber.az/en/post/baku-s-formula"
    return Capture(site="caliber", url=url, fetched_at=minutes(minute), status=200, body=page)


@pytest.mark.slow
@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("xyz")), min_size=1, max_size=8),
    st.randoms(),
    st.booleans(),
)
def test_re_extraction_equals_extraction_with_the_new_code_from_the_start(
    tmp_path_factory: pytest.TempPathFactory,
    blank: Path,
    pages: list[tuple[str, str]],
    order: random.Random,
    merge: bool,
) -> None:
    folder = tmp_path_factory.mktemp("again")
    histories = []
    for extractor in (OLD, NEW):
        with Archive.open(shutil.copy(blank, folder / f"{extractor[-4:-1]}.db"), mode="write") as archive:
            newsroom = Newsroom(archive, start_run(archive))
            for minute, (headline, noise) in enumerate(pages):
                old = f"{headline}{noise if not merge else ''}!" if order.random() < 0.8 else headline
                newsroom.save(
                    minutes(minute),
                    page=f"{headline}|Text.#{minute}".encode(),
                    extractor=extractor,
                    headline=old if extractor == OLD else headline,
                    body="Text.",
                )
            reextract(archive)
            histories.append(
                (rows(newsroom, HISTORY), rows(newsroom, EDITS), newsroom.values("SELECT headline FROM articles"))
            )
            assert [finding for finding in archive.verify() if finding] == []
    assert histories[0] == histories[1]


def test_batches_keep_the_pages_of_an_article_together() -> None:
    articles = [[number, number + 1000] for number in range(130)]
    cut = list(batches(articles))
    assert [page for batch in cut for page in batch] == articles
    assert [len(batch) for batch in cut] == [50, 50, 30]


KILLED = """
import os, random, signal, sys, time
sys.path.insert(0, sys.argv[2])
from caliber_crawler.archive import Archive, ReextractionFilter
from tests.archive.test_reextract import NEW, reextract

def pages_left():
    with Archive.open(sys.argv[1]) as archive:
        return sum(map(len, archive.reextractions.pages(ReextractionFilter(extractors={"caliber": NEW}))))

pause = random.Random(3)
print(pages_left())
for killed in range(6):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        with Archive.open(sys.argv[1], mode="write") as archive:
            os.write(write_end, b"begins")
            reextract(archive)
        os._exit(0)
    os.read(read_end, 6)
    time.sleep(pause.uniform(0.01, 0.1))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(pages_left())
"""


def contents(path: Path) -> list[str]:
    with Archive.open(path) as archive:
        left_out = ('INTO "runs"', "versions_fts", "sqlite_stat", 'INTO "versions"')
        texts = archive.db.execute(
            "SELECT number, cause, headline, seen_from, seen_until, replaced_by FROM versions ORDER BY id"
        )
        lines = [line for line in archive.db.conn.iterdump() if not any(part in line for part in left_out)]
        return [*map(str, texts), *lines]


@pytest.mark.slow
def test_a_killed_run_resumes_where_it_stopped(path: Path, tmp_path: Path) -> None:
    with Archive.open(path, mode="write") as archive, archive.transaction():
        newsroom = Newsroom(archive, start_run(archive))
        for number in range(400):
            for minute in (0, 60):
                page = f"Headline {number} {minute}|{number}"
                save_old(newsroom, minute, page, article_urls=(f"https://caliber.az/en/post/{1000 + number}",))
    expected = Path(shutil.copy(path, tmp_path / "expected.db"))
    with Archive.open(expected, mode="write") as archive:
        reextract(archive)
    done = run_code(KILLED, path, ROOT)
    assert done.exit_code == 0, done.stderr
    left = [int(line) for line in done.stdout.split()]
    assert left[0] == 800
    assert left == sorted(left, reverse=True)
    with Archive.open(path, mode="write") as archive:
        reextract(archive)
    assert contents(path) == contents(expected)


@pytest.mark.slow
def test_the_command_extracts_in_parallel_and_reports_changes(
    newsroom: Newsroom, path: Path, caliber: Callable[..., Result]
) -> None:
    page = Path(__file__).parents[1] / "pages" / "caliber" / "baku-s-geopolitical-formula" / "page.html"
    html = page.read_bytes()
    for number in range(30):
        url = f"https://caliber.az/en/post/{1000 + number}"
        newsroom.save(
            minutes(number), article_urls=(url,), page=html + b"<!-- %d -->" % number, headline=f"Bad {number}"
        )
    newsroom.archive.close()
    dry = caliber("reextract", "--archive", path, "--dry-run", "--jobs", 1, "--json")
    done = caliber("reextract", "--archive", path, "--jobs", 2, "--json")
    assert (done.exit_code, done.json["pages"], done.json["changed"]) == (0, 30, 30), done.stderr
    assert done.json["fields"] == dry.json["fields"]
    assert "Nothing to do" in caliber("reextract", "--archive", path).stdout
    assert caliber("verify", "--archive", path).exit_code == 0


@pytest.mark.slow
def test_a_page_that_crashes_its_worker_does_not_affect_others(newsroom: Newsroom) -> None:
    save_old(newsroom, 0, "Talks resume|Text.", article_urls=("https://caliber.az/en/post/1",))
    save_old(newsroom, 1, "Roads crash|Text.", article_urls=("https://caliber.az/en/post/2",))
    save_old(newsroom, 2, "Rails follow|Text.", article_urls=("https://caliber.az/en/post/3",))
    pages = newsroom.archive.reextractions.pages(ReextractionFilter(extractors={"caliber": NEW}))
    work = ReextractionRun(newsroom.archive, Crashing(SiteRegistry()), jobs=2)
    assert sum(work.run(pages, start_run(newsroom.archive))) == 3
    assert (work.tally.counts["unreadable"], work.tally.counts["changed"]) == (1, 2)
    headlines = [("Talks resume",), ("Roads (old)",), ("Rails follow",)]
    assert rows(newsroom, "SELECT headline FROM articles ORDER BY id") == headlines
