"""A merge of an archive that was merged before reads only what came after, and gives the same as a whole merge."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.format import ROWS_SINCE, VERSION
from caliber_crawler.items import Capture, Image, Problem
from caliber_crawler.software import software
from tests.archive.newsroom import Newsroom, article, minutes, start_run
from tests.archive.test_merge import URLS, dump, facts, findings
from tests.properties import examples

Step = tuple[str, int, str]
"""An event of the source, an index into ``URLS``, and a headline."""

EVENTS = ("page", "page", "page", "unchanged", "gone", "refused", "left", "processed", "listing", "new run")
steps = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 3), st.sampled_from("AB")), min_size=1, max_size=6)


class Source:
    """A source that changes step by step, a minute each, like in crawls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.minute = 0
        self.left: Capture | None = None

    def take(self, step: Step) -> None:
        self.minute += 1
        event, which, headline = step
        with Archive.open(self.path, mode="write") as archive:
            run = archive.db.execute("SELECT max(id) FROM runs").fetchone()[0]
            if run is None or event == "new run":
                if run is not None:
                    archive.runs.finish(run, "interrupted", None, {})
                run = start_run(archive)
            self._change(archive, run, event, URLS[which], headline)

    def _change(self, archive: Archive, run: int, event: str, urls: tuple[str, ...], headline: str) -> None:
        newsroom, at = Newsroom(archive, run), minutes(self.minute)
        entry = Entry(url=urls[0], site="caliber", kind="article", discovered_via="seed", discovered_at=minutes(0))
        if event == "processed" and self.left is not None:
            newsroom.save(at, kept=self.left, article_urls=(self.left.url,), headline="Left")
            self.left = None
        elif event == "page":
            archive.frontier.add([entry], run)
            image = Image(url=f"https://x.az/{headline}.webp")
            page = f"{self.minute} {headline}".encode() * 300
            newsroom.save(at, article_urls=urls, page=page, headline=headline, views=self.minute, images=(image,))
            archive.frontier.mark_done(urls[0], at, due_at=minutes(self.minute + 9), status=200)
        elif event in ("unchanged", "gone", "refused"):
            archive.frontier.add([entry], run)
            status = {"unchanged": 304, "gone": 404, "refused": 403}[event]
            answer = archive.captures.store(Capture(site="caliber", url=urls[0], fetched_at=at, status=status), run)
            known = archive.articles.find(urls[0])
            if event == "gone":
                archive.frontier.mark_gone(urls[0], at, status=status)
            elif event == "refused":
                problem = Problem(stage="fetch", reason="http_error", message="Refused.")
                archive.runs.record_problem(run, problem, url=urls[0], capture_id=answer.id)
                archive.frontier.mark_refused(urls[0], at, status=status, reason="http_error")
            elif known is not None:
                archive.articles.record_not_modified(known, at)
        elif event == "left":
            archive.runs.finish(run, "interrupted", None, {})
            url = article(url=urls[0]).url
            self.left = archive.captures.store(
                Capture(site="caliber", url=url, fetched_at=at, status=200, body=b"left" * 300), run
            )
        elif event == "listing":
            url = "https://caliber.az/en/list"
            listing = Entry(url=url, site="caliber", kind="listing", discovered_via="seed", discovered_at=minutes(0))
            archive.frontier.add([listing], run)
            archive.frontier.set_crawled_since(url, minutes(-self.minute))


def merge(into: Path, other: Path, *, whole: bool = False) -> bool:
    """Merge; return whether only a part was read."""
    with Archive.open(into, mode="write") as here, Archive.open(other) as there:
        if whole:
            here.db.execute("DELETE FROM merge_marks")
        merging = here.merge(there, software())
        for _ in merging:
            pass
        return merging.is_incremental


def contents(path: Path) -> dict[str, set[tuple[object, ...]]]:
    found = facts(path)
    with Archive.open(path) as archive:
        for name, sql in {
            "frontier": """SELECT url, state, due_at, visited_at, crawled_since, discovered_at, article_id IS NULL
              FROM frontier""",
            "coverage": "SELECT * FROM field_coverage",
            "gone": "SELECT url, gone_at, last_seen_at, views FROM articles WHERE duplicate_of IS NULL",
            "own runs": "SELECT command, started_at, outcome FROM runs WHERE command <> 'merge'",
        }.items():
            found[name] = {tuple(row) for row in archive.db.execute(sql)}
    return found


@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
@given(steps)
def test_merging_after_each_step_equals_merging_everything(
    tmp_path_factory: pytest.TempPathFactory, blank: Path, steps: list[Step]
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    source = Source(Path(shutil.copy(blank, folder / "source.db")))
    into, whole = Path(shutil.copy(blank, folder / "into.db")), Path(shutil.copy(blank, folder / "whole.db"))
    for step in steps:
        source.take(step)
        merge(into, source.path)
        merge(whole, source.path, whole=True)
        assert contents(into) == contents(whole)
    assert findings(into) == []


@pytest.fixture
def pair(tmp_path: Path, blank: Path) -> tuple[Path, Source]:
    """An archive, and a source with three articles that was merged into it."""
    into, source = tmp_path / "into.db", Source(tmp_path / "source.db")
    for path in (into, source.path):
        shutil.copy(blank, path)
    for which in (0, 3, 0):
        source.take(("page", which, "AB"[which % 2]))
    assert not merge(into, source.path)
    return into, source


def marks_in(path: Path) -> list[tuple[object, ...]]:
    with Archive.open(path) as archive:
        return list(map(tuple, archive.db.execute("SELECT * FROM merge_marks")))


def test_only_what_came_after_is_read(pair: tuple[Path, Source]) -> None:
    into, source = pair
    source.take(("page", 3, "A"))
    with Archive.open(into, mode="write") as here, Archive.open(source.path) as there:
        # The new page, the one before of its article, and the article.
        assert len(here.merge(there, software())) == 3


def test_a_source_with_another_name_is_recognized(pair: tuple[Path, Source], tmp_path: Path) -> None:
    into, source = pair
    assert merge(into, Path(shutil.copy(source.path, tmp_path / "renamed.db")))


def test_a_merge_without_changes_changes_nothing(pair: tuple[Path, Source]) -> None:
    into, source = pair
    before = dump(into), marks_in(into)
    assert merge(into, source.path)
    assert (dump(into), marks_in(into)) == before


def test_a_page_that_a_killed_crawl_left_is_merged_once_it_is_processed(pair: tuple[Path, Source]) -> None:
    into, source = pair
    for event in ("left", "new run", "processed"):
        source.take((event, 1, "A"))
        assert merge(into, source.path)
    with Archive.open(into) as archive:
        assert "Left" in {row["headline"] for row in archive.db.query("SELECT headline FROM versions")}


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO runs (command, started_at, heartbeat_at) SELECT 'reextract', started_at, heartbeat_at FROM runs",
        "UPDATE captures SET checksum = checksum + 1 WHERE id = (SELECT max(id) FROM captures)",
        "INSERT INTO takedowns (site, language, reason, requested_at, carried_out_at, versions, captures)"
        " SELECT 'x', 'en', 'law', started_at, started_at, 0, 0 FROM runs",
        "UPDATE totals SET captures = captures - 1",
    ],
)
def test_everything_is_merged_when_in_doubt(pair: tuple[Path, Source], change: str) -> None:
    into, source = pair
    with Archive.open(source.path, mode="write") as archive:
        archive.db.execute(change)
    with Archive.open(into, mode="write") as here, Archive.open(source.path) as there:
        assert not here.merge(there, software()).is_incremental


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO runs (command, started_at, heartbeat_at) SELECT 'repair', started_at, heartbeat_at FROM runs",
        "UPDATE captures SET fetched_at = '2020-01-01T00:00:00Z'",
        f"UPDATE merge_marks SET marks = json_set(marks, '$.schema', {ROWS_SINCE - 1})",
        f"UPDATE merge_marks SET marks = json_set(marks, '$.schema', {VERSION + 1})",
        "UPDATE merge_marks SET marks = json_set(marks, '$.captures', 100)",
    ],
)
def test_everything_is_merged_when_this_archive_may_lack_rows(pair: tuple[Path, Source], change: str) -> None:
    into, source = pair
    with Archive.open(into, mode="write") as archive:
        archive.db.execute(change)
    assert not merge(into, source.path)


def test_marks_of_an_earlier_schema_hold_if_no_migration_since_has_changed_rows(pair: tuple[Path, Source]) -> None:
    into, source = pair
    with Archive.open(into, mode="write") as archive:
        archive.db.execute(f"UPDATE merge_marks SET marks = json_set(marks, '$.schema', {ROWS_SINCE})")
    source.take(("page", 3, "A"))
    assert merge(into, source.path)
    assert json.loads(str(marks_in(into)[0][2]))["schema"] == VERSION
