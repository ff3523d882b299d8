"""One worker: what it does with its time, with a timetable, and with sites that fail."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.cluster.crew import Crew, assert_all_is_there_once, crew_of
from tests.cluster.postgres import rows
from tests.cluster.press import MODULE, printing

pytestmark = pytest.mark.slow

SHARDS = "SELECT * FROM caliber_shards ORDER BY site"


@contextmanager
def crew_for(dsn: str, folder: Path, papers: int = 1, articles: int = 6) -> Iterator[Crew]:
    with printing(folder, papers, articles) as press, crew_of(dsn, press, folder) as crew:
        assert crew.caliber("cluster", "init").exit_code == 0
        yield crew


def test_what_is_left_when_the_time_is_up_is_queued_again(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, articles=12) as crew:
        crew.caliber("cluster", "enqueue", "paper-00", "--minutes", 0.03, "--delay", 0.2)
        crew.start("anna", "", "--until-empty").wait(60)
        (shard,) = rows(dsn, SHARDS)
        assert int(str(shard["generation"])) > 1
        assert shard["outcome"] == "finished"
        assert_all_is_there_once(crew.collect(), crew.press.papers)
        files = [path.name for path in (tmp_path / "shards").rglob("*.db")]
        assert len(files) == 2, "the one that counts, and the one before for whoever is reading it"


def test_a_second_crawl_asks_for_little_and_a_second_collect_brings_nothing(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, papers=2) as crew:
        for _ in range(2):
            crew.caliber("cluster", "enqueue", "paper-00", "paper-01", "--delay", 0)
            before = crew.visited()
            assert crew.start("anna", "", "--until-empty").wait(60) == 0
            asked = crew.visited() - before
            archive = crew.collect()
            assert_all_is_there_once(archive, crew.press.papers)
        assert asked < before / 2
        again = crew.caliber("cluster", "collect", "--archive", archive)
        assert again.stdout == "Nothing new.\n"


def test_a_site_that_is_down_is_tried_again_and_is_no_trouble_of_others(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path) as crew:
        with (tmp_path / f"{MODULE}.py").open("a") as module:
            module.write(
                "class Gone(NewsSpider):\n    name = 'gone'\n"
                "    site = replace(CaliberSpider.site, name='gone', base_url='http://127.0.0.99:9', hosts=())\n"
            )
        crew.caliber("cluster", "enqueue", "gone", "paper-00", "--delay", 0)
        crew.start("anna", "", "--back-off", 3600)
        crew.wait_for(lambda: len(rows(dsn, SHARDS)) == 2 and "did not succeed" in crew.log("anna"))
        status = crew.caliber("cluster", "status", "--json").json
        (job,) = status["jobs"]
        assert (job["work"], job["status"], job["attempts"]) == ("gone", "todo", 1)
        assert job["not_before"] > job["since"]
        outcomes = {shard["site"]: shard["outcome"] for shard in status["shards"]}
        assert outcomes == {"gone": "failed", "paper-00": "finished"}
        assert "127.0.0.99:9" in crew.caliber("cluster", "status").stdout
        assert "Traceback" not in crew.log("anna")


def test_a_timetable_queues_work_by_itself(dsn: str, tmp_path: Path) -> None:
    timetable = tmp_path / "timetable.toml"
    timetable.write_text('[paper-00]\ncron = "* * * * * */2"\ndelay = 0.0\n')
    with crew_for(dsn, tmp_path) as crew:
        crew.start("anna", "", "--timetable", timetable)
        crew.start("boris", "", "--timetable", timetable)
        crew.wait_for(lambda: any(int(str(shard["generation"])) >= 3 for shard in rows(dsn, SHARDS)))
        crew.stop()
        assert all(visit.parallel == 1 for visit in crew.visits(crew.press.papers[0]))
        assert_all_is_there_once(crew.collect(), crew.press.papers)


def test_the_gap_to_a_host_is_kept_from_job_to_job(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path, articles=1) as crew:
        for name, delay in (("anna", 0.05), ("boris", 4)):
            crew.caliber("cluster", "enqueue", "paper-00", "--delay", delay)
            crew.start(name)
            crew.wait_for(lambda name=name: bool(crew.by(name)) and (name == "boris" or crew.is_done()))
            crew.stop()
    visits = crew.visits(crew.press.papers[0])
    last = max(visit.at for visit in visits if visit.worker == "anna")
    assert min(visit.at for visit in visits if visit.worker == "boris") - last >= 3.9


def test_a_page_of_any_site_is_work_too(dsn: str, tmp_path: Path) -> None:
    with crew_for(dsn, tmp_path) as crew:
        queued = crew.caliber(
            "cluster", "enqueue", f"{crew.press.papers[0].base_url}/en/category/analytics", "--delay", 0, "--json"
        )
        assert json.loads(queued.stdout)["known"] == []
        crew.start("anna", "", "--until-empty").wait(60)
        (shard,) = rows(dsn, SHARDS)
        assert shard["site"] == "paper-00", "an address of a known site is that site's"
        with closing(sqlite3.connect(crew.collect())) as connection:
            assert connection.execute("select count(*) from articles").fetchone()[0] > 0


def test_a_queue_that_was_never_set_up_is_one_sentence(dsn: str, tmp_path: Path) -> None:
    with printing(tmp_path, 1, 1) as press, crew_of(dsn, press, tmp_path) as crew:
        for verb in (("enqueue", "paper-00"), ("worker",), ("status",), ("collect",)):
            result = crew.caliber("cluster", *verb)
            assert result.exit_code == 17, verb
            assert "caliber cluster init" in result.stderr
            assert len(result.stderr.splitlines()) == 1
