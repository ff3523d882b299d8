"""Jobs, their locks, their retries and the timetable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from procrastinate.jobs import Job

from caliber_crawler.archive import Archive
from caliber_crawler.cluster.crawler import delay_next_requests
from caliber_crawler.cluster.jobs import MAX_ATTEMPTS, CrawlFailed, Interrupted, JobRetries
from caliber_crawler.cluster.work import HostLocks, Work, load_timetable
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.errors import ArchiveFull, ClusterError, InputError, SiteError, StorageUnavailable
from caliber_crawler.known_sites import known_spiders, project_settings
from caliber_crawler.throttle import LastRequest

SETTINGS = project_settings()


@pytest.mark.parametrize(
    "work",
    [
        Work(site="caliber"),
        Work(
            site="caliber",
            minutes=2.5,
            options=CrawlOptions(section="analytics", language="en", due=True, delay=0.0, limit=9, requests=20),
        ),
        Work(site="https://example.org/world"),
    ],
)
def test_work_is_unchanged_by_the_queue(work: Work) -> None:
    assert Work.of({**work.as_arguments(), "timestamp": 1_780_000_000}) == work


@pytest.mark.parametrize(
    ("options", "articles", "requests", "left"),
    [
        (CrawlOptions(), 40, 90, (None, None)),
        (CrawlOptions(limit=100), 40, 90, (60, None)),
        (CrawlOptions(limit=100, requests=200), 40, 90, (60, 110)),
        (CrawlOptions(requests=90), 40, 90, (None, 1)),
    ],
)
def test_work_that_is_continued_has_what_is_left_of_its_budgets(
    options: CrawlOptions, articles: int, requests: int, left: tuple[int | None, int | None]
) -> None:
    work = Work(site="https://example.org/", minutes=9, options=options)
    rest = work.continued(articles=articles, requests=requests)
    assert (rest.options.limit, rest.options.requests) == left
    assert (rest.site, rest.minutes, rest.name) == (work.site, work.minutes, work.name)


def test_different_work_has_different_names() -> None:
    works = [
        Work(site="caliber"),
        Work(site="caliber", options=CrawlOptions(section="opinion")),
        Work(site="caliber", options=CrawlOptions(language="en")),
    ]
    assert len({work.name for work in works}) == 3


def test_by_section_gives_one_job_per_section() -> None:
    parts = Work(site="caliber", options=CrawlOptions(section="all", language="en")).by_section(SETTINGS)
    assert {"analytics", "opinion"} <= {part.options.section for part in parts}
    assert {part.options.language for part in parts} == {"en"}
    with pytest.raises(SiteError, match="horoscope"):
        Work(site="caliber", options=CrawlOptions(section="horoscope")).by_section(SETTINGS)


def test_all_work_on_a_host_has_the_same_lock() -> None:
    locks = HostLocks(SETTINGS)
    on_caliber = [
        Work(site="caliber"),
        Work(site="caliber", options=CrawlOptions(section="opinion")),
        Work(site="https://caliber.az/en/post/1"),
        Work(site="https://cdn.caliber.az/x"),
    ]
    assert len({locks.of(work) for work in on_caliber}) == 1
    assert locks.of(Work(site="orf")) != locks.of(Work(site="caliber"))
    assert locks.of(Work(site="https://Example.org:8000/a")) == "example.org:8000"


def test_unknown_site_is_refused() -> None:
    with pytest.raises(SiteError, match="gazette"):
        HostLocks(SETTINGS).of(Work(site="gazette"))


def job(attempts: int) -> Job:
    return Job(id=1, queue="crawl", lock=None, queueing_lock=None, task_name="caliber.crawl", attempts=attempts)


@pytest.mark.parametrize(
    "error", [CrawlFailed(), StorageUnavailable("No space left"), ArchiveFull("The disk is full")], ids=repr
)
def test_failed_job_is_retried_with_back_off_until_the_last_attempt(error: Exception) -> None:
    retries = JobRetries(back_off=60)
    start, times = datetime.now(UTC), []
    for attempts in range(MAX_ATTEMPTS - 1):
        decision = retries.get_retry_decision(exception=error, job=job(attempts))
        assert decision is not None
        times.append(decision.retry_at)
    assert times == sorted(times)
    assert [round((time - start).total_seconds() / 60) for time in times] == [1, 2, 4, 8, 16, 32, 64]
    assert retries.get_retry_decision(exception=error, job=job(MAX_ATTEMPTS - 1)) is None


def test_interrupted_job_is_retried_and_an_invalid_one_is_not() -> None:
    retries = JobRetries()
    assert retries.get_retry_decision(exception=Interrupted(), job=job(MAX_ATTEMPTS)) is not None
    assert retries.get_retry_decision(exception=SiteError("no such site"), job=job(0)) is None
    assert retries.get_retry_decision(exception=ClusterError("The shard is damaged"), job=job(0)) is None


def test_reassigned_job_delays_the_next_request_to_the_host(tmp_path: Path) -> None:
    path, now = tmp_path / "shard.db", datetime(2026, 11, 23, 12, tzinfo=UTC)
    with Archive.open(path, mode="write") as archive:
        archive.hosts.record_request("example.org", LastRequest(now - timedelta(hours=1), 30.0))
    delay_next_requests(path, lambda: now)
    with Archive.open(path) as archive:
        assert archive.hosts.last_request("example.org") == LastRequest(now, 30.0)


def test_delay_without_a_shard_creates_no_file(tmp_path: Path) -> None:
    delay_next_requests(tmp_path / "shard.db")
    assert list(tmp_path.iterdir()) == []


def timetable(folder: Path, text: str) -> Path:
    path = folder / "timetable.toml"
    path.write_text(text)
    return path


def test_timetable_with_a_default_for_other_sites(tmp_path: Path) -> None:
    path = timetable(tmp_path, '"*" = "0 * * * *"\ncaliber = "*/5 * * * *"\n[orf]\ncron = "1 2 * * *"\nminutes = 4\n')
    scheduled = {scheduled.work.site: scheduled for scheduled in load_timetable(path, SETTINGS)}
    assert scheduled.keys() == known_spiders(SETTINGS).keys()
    assert scheduled["caliber"].cron == "*/5 * * * *"
    assert scheduled["kommersant"].cron == "0 * * * *"
    assert scheduled["orf"].work == Work(site="orf", minutes=4)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("caliber = 5", ("caliber", "cron expression")),
        ('caliber = "whenever"', ("caliber", "'whenever'")),
        ('[caliber]\ncron = "1 * * * *"\nspeed = 9', ("caliber", "speed", "minutes")),
        ("caliber = ", ("not valid TOML",)),
        ('caliber = "* * * * * *"', ("caliber", "five fields")),
        ('caliber = "0 0 30 2 *"', ("caliber", "'0 0 30 2 *'")),
        ('gazette = "0 * * * *"', ("gazette", "Unknown site")),
        ('["http://[bad"]\ncron = "0 * * * *"', ("http://[bad",)),
        ('[caliber]\ncron = "0 * * * *"\nsection = "horoscope"', ("caliber", "horoscope")),
        ('[caliber]\ncron = "0 * * * *"\nsince = "2026-02-01"\nuntil = "2026-01-01"', ("caliber", "later than since")),
        *(
            (f'[caliber]\ncron = "* * * * *"\n{name} = {value}', ("caliber", f"{name} must be"))
            for name, values in {
                "minutes": ('"x"', "true", "0", "-1", "nan", "inf", "[1]", "1e300"),
                "delay": ('"1"', "-0.5", "false", "nan"),
                "due": ('"yes"', "1", "{}"),
                **dict.fromkeys(("limit", "requests"), ('"5"', "0", "-1", "true", "1.5", "[]")),
                "section": ("1", "true", "[]", "2026-01-01"),
                "language": ('["en"]', "0.5"),
            }.items()
            for value in values
        ),
    ],
)
def test_invalid_timetable_is_reported(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(InputError) as caught:
        load_timetable(timetable(tmp_path, text), SETTINGS)
    assert all(word in str(caught.value) for word in words)


def test_timetable_that_is_not_text_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "timetable.toml"
    path.write_bytes(b'caliber = "\xff"')
    with pytest.raises(InputError, match="not valid TOML"):
        load_timetable(path, SETTINGS)
