"""How long a crawl takes is printed when it is long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.commands.crawling import Forecast
from caliber_crawler.crawl_process import Crawl
from caliber_crawler.crawling.estimate import Estimate, duration
from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.revisit import REVISIT
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.crawl.runs import SITE, add, entry, running_on


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about 1 minute"),
        (600, "about 10 minutes"),
        (5_399, "about 90 minutes"),
        (5_400, "about 2 hours"),
        (32_400, "about 9 hours"),
        (172_799, "about 48 hours"),
        (172_800, "about 2 days"),
        (31_536_000, "about 365 days"),
    ],
)
def test_a_duration_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_an_estimate_states_pages_and_rate() -> None:
    assert str(Estimate(32_400, 1.0)) == "about 9 hours for 32,400 known pages at one request per second"
    assert str(Estimate(100, 10.0)) == "about 17 minutes for 100 known pages at one request every 10 seconds"


def fill(run: CrawlRun, number: int, first: int = 0, **fields: Any) -> None:
    add(run, *(entry(f"article-{each}", **fields) for each in range(first, first + number)))


@pytest.mark.parametrize(
    ("limits", "planned"),
    [
        ({}, 7 + 3 + 1),
        ({"limit": 4}, 4 + 1),
        ({"requests": 2}, 2),
        ({"revisits": 2}, 7 + 2 + 1),
        ({"sections": ("economics",)}, 0),
    ],
)
def test_the_planned_pages_are_those_within_the_limits_of_the_run(
    tmp_path: Path, limits: dict[str, Any], planned: int
) -> None:
    with running_on(tmp_path, **limits) as run:
        fill(run, 7)
        fill(run, 3, first=7, priority=REVISIT)
        add(run, entry("list", kind="listing"))
        assert run.dispatcher.planned() == planned


def printed(run: CrawlRun, forecast: Forecast, capsys: pytest.CaptureFixture[str]) -> str:
    forecast.show([Crawl(spider=CaliberSpider, run=run)])
    return capsys.readouterr().err


def test_a_long_crawl_is_announced_once_and_again_when_it_doubles(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forecast = Forecast()
    with running_on(tmp_path) as run:
        run.throttle.delay = 60.0
        fill(run, 20)
        assert printed(run, forecast, capsys) == "", "the delay that robots.txt requests is not known yet"
        run.accounts.counts["pages"] += 1
        assert printed(run, forecast, capsys) == (
            "About 20 minutes for 20 known pages at one request every 60 seconds."
            " Stop it at any time; the same command resumes it.\n"
        )
        assert printed(run, forecast, capsys) == ""
        fill(run, 19, first=20)
        assert printed(run, forecast, capsys) == ""
        fill(run, 1, first=39)
        assert printed(run, forecast, capsys).startswith("About 40 minutes for 40 known pages")


def test_the_delay_that_robots_txt_requests_is_estimated_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_on(tmp_path) as run:
        run.throttle.delay = 1.0
        fill(run, 100)
        run.throttle.raise_delay(SITE.host, 10.0, run.began_at)
        run.accounts.counts["pages"] += 1
        assert "about 17 minutes" in printed(run, Forecast(), capsys).lower()


def test_a_short_crawl_is_not_announced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running_on(tmp_path) as run:
        run.throttle.delay = 1.0
        fill(run, 500)
        run.accounts.counts["pages"] += 1
        assert printed(run, Forecast(), capsys) == ""
