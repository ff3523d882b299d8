"""Totals: the stored totals equal a recount after any changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.reports.status import status
from caliber_crawler.archive.reports.totals import NAMES, edition_totals, totals, wrong_totals
from caliber_crawler.archive.upkeep.repair import Repair
from tests.archive.newsroom import NOON, Newsroom, capture, minutes
from tests.properties import examples

BY_SECTION = """
SELECT site, language, section, count(*), sum(version_count), sum(max(version_count - 1, 0)), sum(views) FROM articles
WHERE duplicate_of IS NULL GROUP BY site, language, section"""

steps = st.lists(
    st.tuples(st.sampled_from(["save", "fail", "answer", "takedown", "roll back", "join"]), st.integers(0, 5)),
    max_size=25,
)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_totals_equal_a_recount(newsroom: Newsroom, steps: list[tuple[str, int]]) -> None:
    for minute, (step, number) in enumerate(steps):
        url = f"https://caliber.az/en/post/{1000 + number}"
        known = newsroom.archive.articles.find(url)
        if step == "save":
            newsroom.save(
                minutes(minute),
                article_urls=(url,),
                headline=f"Headline {minute % 3}",
                views=minute if minute % 2 else None,
                views_shown=f"Views: {minute}" if minute % 2 else None,
                section=("analytics", "politics", None)[minute % 3],
                published_at=NOON + timedelta(days=20 * number) if number else None,
            )
        elif step == "join":
            # A page that names both URLs shows that they are one article.
            slug = f"https://caliber.az/en/post/slug-{number}"
            for urls in ((slug,), (url, slug)):
                newsroom.save(
                    minutes(minute), article_urls=urls, headline=f"Headline {number}", page=repr(urls).encode()
                )
        elif step == "fail":
            newsroom.archive.captures.store(
                capture(minutes(-minute), status=None, error="x", body=b""), newsroom.run_id
            )
        elif step == "answer":
            newsroom.archive.captures.store(capture(status=404 - minute * 10, url=url), newsroom.run_id)
        elif step == "takedown" and known is not None:
            newsroom.archive.deletion.take_down(known, "asked", NOON)
        elif step == "roll back":
            with newsroom.rolled_back():
                newsroom.save(minutes(minute), views=minute)
        # Otherwise articles that were taken down could not be saved again.
        newsroom.archive.db.execute("DELETE FROM takedown_keys")
    assert wrong_totals(newsroom.archive._connection) == []
    counted = {
        (row["site"], row["language"], row["section"]): (row["articles"], row["versions"], row["edits"], row["views"])
        for row in edition_totals(newsroom.archive._connection)
    }
    assert counted == {tuple(row[:3]): tuple(row[3:]) for row in newsroom.archive.db.execute(BY_SECTION)}
    assert status(newsroom.archive._connection)["edits"] == newsroom.values("SELECT count(*) FROM edits")[0]


@pytest.mark.parametrize("name", sorted(NAMES))
def test_a_wrong_total_is_found_and_repaired(newsroom: Newsroom, name: str) -> None:
    newsroom.save(views=1)
    before = totals(newsroom.archive._connection)
    value = "2020-01-01T00:00:00Z" if name.endswith("_at") else 77
    newsroom.archive.db.execute(f"UPDATE totals SET {name} = ?", (value,))
    findings = [finding for finding in newsroom.archive.verify() if finding]
    assert [(finding.kind, name in finding.message) for finding in findings] == [("total", True)]
    Repair(newsroom.archive._connection).repair(findings)
    assert totals(newsroom.archive._connection) == before
    assert [finding for finding in newsroom.archive.verify() if finding] == []


def test_wrong_totals_of_a_section_are_found_and_repaired(newsroom: Newsroom) -> None:
    newsroom.save(views=1)
    archive = newsroom.archive
    before = edition_totals(archive._connection)
    for change in ("UPDATE article_totals SET views = views + 1", "DELETE FROM article_totals"):
        archive.db.execute(change)
        findings = [finding for finding in archive.verify() if finding]
        assert [(finding.kind, "article_totals" in finding.message) for finding in findings] == [("total", True)]
        Repair(archive._connection).repair(findings)
        assert edition_totals(archive._connection) == before
        assert [finding for finding in archive.verify() if finding] == []


def test_missing_totals_are_found_and_repaired(newsroom: Newsroom) -> None:
    newsroom.save(views=1)
    newsroom.archive.db.execute("DELETE FROM totals")
    Repair(newsroom.archive._connection).repair([finding for finding in newsroom.archive.verify() if finding])
    assert newsroom.archive.status()["captures"]["total"] == 1


def test_status_scans_no_large_table(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    newsroom.save(views=1)
    statements: list[str] = []
    newsroom.archive._connection.raw.set_trace_callback(statements.append)
    newsroom.archive.status()
    newsroom.archive._connection.raw.set_trace_callback(None)
    plans = [row[3] for sql in statements for row in newsroom.archive.db.execute(f"EXPLAIN QUERY PLAN {sql}")]
    scanned = [plan for plan in plans if plan.startswith("SCAN") and "INDEX" not in plan]
    assert not any(
        table in plan for plan in scanned for table in ("articles", "captures", "bodies", "versions", "view")
    )
    assert len(plans) > 5


def test_a_read_only_archive_has_totals(newsroom: Newsroom) -> None:
    newsroom.save()
    with Archive.open(newsroom.archive.path) as reader:
        assert reader.status()["versions"] == 1
