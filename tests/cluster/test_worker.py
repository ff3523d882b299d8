"""One worker: time limits, the timetable, and sites that fail."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from socket import gethostname
from typing import Any

import pytest

from tests.alerts.receivers import webhook
from tests.cluster.crew import Crew, assert_every_article_once, run_crew
from tests.cluster.postgres import rows
from tests.cluster.press import MODULE, serve_press
from tests.conftest import AT, Result

pytestmark = pytest.mark.slow

SHARDS = "SELECT * FROM caliber_shards ORDER BY site"


@contextmanager
def crew_for(dsn: str, folder: Path, papers: int = 1, articles: int = 6) -> Iterator[Crew]:
    with serve_press(folder, papers, articles) as press, run_crew(dsn, press, folder) as crew:
        assert crew.caliber("cluster", "init").exit_code == 0
        yield crew


def test_unfinished_work_is_queued_again(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, articles=12) as crew:
        crew.caliber("cluster", "enqueue", "paper-00", "--minutes", 0.03, "--delay", 0.2)
        crew.start("anna", "", "--until-empty").wait(240)
        (shard,) = rows(dsn, SHARDS)
        assert int(str(shard["generation"])) > 1
        assert shard["outcome"] == "finished"
        assert_every_article_once(crew.collect(), crew.press.papers)
        parts = rows(dsn, "SELECT * FROM caliber_shard_parts ORDER BY generation")
        files = sorted(path.name for path in (tmp_path / "shards" / "paper-00").iterdir())
        assert files == [str(part["path"]).rpartition("/")[2] for part in parts]
        assert len([part for part in parts if part["base"] is None]) <= 2, "processes may still read the former one"


def test_second_crawl_sends_fewer_requests_and_second_collect_adds_nothing(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, papers=2) as crew:
        for _ in range(2):
            crew.caliber("cluster", "enqueue", "paper-00", "paper-01", "--delay", 0)
            before = crew.count_requests()
            assert crew.start("anna", "", "--until-empty").wait(240) == 0
            asked = crew.count_requests() - before
            archive = crew.collect()
            assert_every_article_once(archive, crew.press.papers)
        assert asked < before / 2
        for row in rows(dsn, SHARDS):
            counts: Any = row["counts"]
            assert 0 < counts["requests"] < asked, counts
        again = crew.caliber("cluster", "collect", "--archive", archive)
        assert again.stdout == "Nothing new.\n"
        whole, increment = rows(dsn, "SELECT * FROM caliber_shard_parts WHERE site = 'paper-01' ORDER BY generation")
        assert increment["base"] == whole["generation"]
        assert int(str(increment["size"])) < int(str(whole["size"])) / 2


def test_unreachable_site_is_retried_and_does_not_affect_others(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path) as crew:
        with (tmp_path / f"{MODULE}.py").open("a") as module:
            module.write(
                "class Gone(NewsSpider):\n    name = 'gone'\n"
                "    site = replace(CaliberSpider.site, name='gone', base_url='http://127.0.0.99:9', hosts=())\n"
            )
        crew.caliber("cluster", "enqueue", "gone", "paper-00", "--delay", 0)
        with webhook() as received:
            options = ("--back-off", 3600, "--until-empty", "--notify", received.url, "--ping", received.url)
            assert crew.start("anna", "", *options).wait(240) == 3
        assert received.pings == ["/hook"]
        news = {account["site"]: (account["state"], account["exit_code"]) for account in received.payloads}
        assert news == {"gone": ("failed", 10), "paper-00": ("healthy", 0)}
        assert "1 job failed, 0 found something unusual" in crew.log("anna")
        unhealthy = crew.caliber("cluster", "status", "--unhealthy", "--json")
        assert unhealthy.exit_code == 3
        (site,) = unhealthy.json["sites"]
        assert (site["site"], site["state"], site["last_healthy_at"]) == ("gone", "failed", None)
        assert "127.0.0.99:9" in site["why"]
        assert (site["machine"], [shard["site"] for shard in unhealthy.json["shards"]]) == (gethostname(), ["gone"])
        status = crew.caliber("cluster", "status", "--json").json
        (job,) = status["jobs"]
        assert (job["work"], job["status"], job["attempts"]) == ("gone", "todo", 1)
        assert job["not_before"] > job["since"]
        outcomes = {shard["site"]: shard["outcome"] for shard in status["shards"]}
        assert outcomes == {"gone": "failed", "paper-00": "finished"}
        assert "127.0.0.99:9" in crew.caliber("cluster", "status").stdout
        assert "Traceback" not in crew.log("anna")


def test_timetable_queues_work(dsn: str, tmp_path: Path) -> None:
    timetable = tmp_path / "timetable.toml"
    timetable.write_text('[paper-00]\ncron = "* * * * *"\ndelay = 0.0\n')
    with crew_for(dsn, tmp_path) as crew:
        crew.start("anna", "", "--timetable", timetable)
        crew.start("boris", "", "--timetable", timetable)
        crew.wait_for(lambda: any(int(str(shard["generation"])) >= 1 for shard in rows(dsn, SHARDS)))
        crew.stop()
        assert all(visit.parallel == 1 for visit in crew.visits(crew.press.papers[0]))
        assert_every_article_once(crew.collect(), crew.press.papers)


def test_delay_of_a_host_is_kept_between_jobs(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, articles=1) as crew:
        for name, delay in (("anna", 0.05), ("boris", 4)):
            crew.caliber("cluster", "enqueue", "paper-00", "--delay", delay)
            crew.start(name)
            crew.wait_for(lambda name=name: bool(crew.by(name)) and (name == "boris" or crew.is_done()))
            crew.stop()
    visits = crew.visits(crew.press.papers[0])
    last = max(visit.at for visit in visits if visit.worker == "anna")
    assert min(visit.at for visit in visits if visit.worker == "boris") - last >= 3.9


def test_url_of_a_page_can_be_queued(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path) as crew:
        queued = crew.caliber(
            "cluster", "enqueue", f"{crew.press.papers[0].base_url}/en/category/analytics", "--delay", 0, "--json"
        )
        assert json.loads(queued.stdout)["known"] == []
        crew.start("anna", "", "--until-empty").wait(240)
        (shard,) = rows(dsn, SHARDS)
        assert shard["site"] == "paper-00", "a URL of a known site belongs to that site"
        with closing(sqlite3.connect(crew.collect())) as connection:
            assert connection.execute("select count(*) from articles").fetchone()[0] > 0


def test_missing_setup_is_reported(dsn: str, tmp_path: Path) -> None:
    with serve_press(tmp_path, 1, 1) as press, run_crew(dsn, press, tmp_path) as crew:
        for verb in (("enqueue", "paper-00"), ("worker",), ("status",), ("collect",)):
            result = crew.caliber("cluster", *verb)
            assert result.exit_code == 17, verb
            assert "caliber cluster init" in result.stderr
            assert len(result.stderr.splitlines()) == 1


def test_a_takedown_reaches_the_job_that_runs_and_what_it_finds_later(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, articles=12) as crew:
        (paper,) = crew.press.papers
        paper.site.gate = threading.Event()
        crew.caliber("cluster", "enqueue", "paper-00", "--delay", 0)
        worker = crew.start("anna", "")

        def requested() -> list[str]:
            return [request["path"] for request in paper.requests() if "/post/" in request["path"]]

        crew.wait_for(lambda: len(requested()) >= 2)
        known = requested()
        pages = [page for page in paper.site.truth(AT) if page["url"].removeprefix(paper.base_url) not in known]
        (stored, later) = (f"{paper.base_url}{known[0]}", pages[-1]["url"])
        for url in (stored, later):
            result = crew.caliber("cluster", "takedown", url, "--reason", "asked for", "--json")
            assert result.exit_code == 0, result.stderr
            assert (result.json["deleted"], result.json["in_use"]) == ({}, ["paper-00"])
        assert rows(dsn, SHARDS) == [], "the job has published nothing yet"
        paper.site.gate.set()
        crew.wait_for(crew.is_done)
        crew.caliber("cluster", "enqueue", "paper-00", "--delay", 0)
        crew.wait_for(crew.is_done)
        crew.stop()
        assert worker.returncode == 0
        assert "Traceback" not in crew.log("anna")
        unwanted = {page["slug"] for page in paper.site.truth(AT) if page["url"] in (stored, later)}
        assert len(unwanted) == 2
        with closing(sqlite3.connect(crew.collect())) as connection:
            assert {slug for (slug,) in connection.execute("SELECT slug FROM articles")} == paper.truth() - unwanted
            assert connection.execute("SELECT count(*) FROM captures WHERE url = ?", (stored,)).fetchone() == (0,)
        assert crew.caliber("cluster", "check").exit_code == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("file:alarms.atom", "A file cannot receive these messages: use a webhook, a chat or a mailbox."),
        ("mailto:editor@example.org", "E-mail needs the environment variables CALIBER_SMTP_URL"),
        ("hooks.example.org", "is not a target"),
    ],
)
def test_a_target_that_can_receive_nothing_is_reported_at_the_start(
    dsn: str, caliber: Callable[..., Result], tmp_path: Path, target: str, words: str
) -> None:
    result = caliber("cluster", "worker", "--shards", tmp_path, "--notify", target, CALIBER_DSN=dsn)
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False)
    assert words in result.stderr
