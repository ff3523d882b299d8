"""Bulk extraction gives the same shards with every engine, after lost workers and after restarts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psutil
import pytest

from caliber_crawler.bulk import BulkExtraction, DaskEngine, LocalEngine, Outcome, Part, Shards, engines
from caliber_crawler.bulk.dask_engine import run_part
from caliber_crawler.errors import ArchiveFull, ArchiveLocked, MissingExtra
from caliber_crawler.site import SiteRegistry
from tests.bulk.warehouse import INSTRUCTIONS, articles_in, extract_all, parts, rows, shards, web_archives
from tests.warc.newsstand import SITE, held, run

MANY = 24


def test_finished_parts_are_not_extracted_again(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 3)
    assert extract_all(tmp_path / "out", parts(files)).parts == {"read": 3, "finished": 0, "swept": 0}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.db")}
    again = extract_all(tmp_path / "out", parts(files))
    assert again.parts == {"finished": 3, "swept": 0}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.db")} == before


def test_changed_site_definition_replaces_the_shards(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 2)
    extract_all(tmp_path / "out", parts(files))
    before = {shard.name for shard in shards(tmp_path / "out")}
    changed_site = replace(SITE, title="Another name")
    site_resolver = replace(INSTRUCTIONS.site_resolver, sites=SiteRegistry([changed_site]), default=changed_site)
    work = BulkExtraction(Shards(tmp_path / "out"), replace(INSTRUCTIONS, site_resolver=site_resolver), parts(files))
    assert len(list(work.run(LocalEngine(1)))) == 2
    after = {shard.name for shard in shards(tmp_path / "out")}
    assert len(after) == 2
    assert not after & before


def test_shard_equals_the_archive_of_an_ingest(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1, pages_each=4)
    extract_all(tmp_path / "out", parts([file]))
    assert run("ingest", file, "--archive", tmp_path / "a.db", "--jobs", 1).exit_code == 0
    (shard,) = rows(tmp_path / "out").values()
    ingested = held(tmp_path / "a.db")
    assert {table: shard[table] for table in ingested} == ingested
    assert [row["headline"] for row in shard["parquet"]]  # type: ignore[attr-defined]


def test_unfinished_shards_of_a_killed_command_are_deleted(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    out = tmp_path / "out"
    left = out / ".000.warc.gz-1234.part"
    left.mkdir(parents=True)
    (left / "archive.db").write_bytes(b"half of it")
    assert extract_all(out, parts([file])).parts["swept"] == 1
    assert not left.exists()


def test_a_second_command_cannot_use_the_same_folder(tmp_path: Path) -> None:
    with Shards(tmp_path / "out").lock(), pytest.raises(ArchiveLocked, match="Another command is writing"):
        extract_all(tmp_path / "out", parts(web_archives(tmp_path, 1)))


def test_publishing_a_shard_twice_keeps_the_first(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    extract_all(tmp_path / "out", parts([file]))
    (shard,) = shards(tmp_path / "out")
    before = (shard / "summary.json").stat().st_ino
    Shards(tmp_path / "out").publish(shard, shard.name)
    assert (shard / "summary.json").stat().st_ino == before
    assert list(shards(tmp_path / "out")) == [shard]


def test_unwritable_output_ends_the_run(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 2)
    (tmp_path / "out").write_bytes(b"a file where the folder should be")
    with pytest.raises(ArchiveFull):
        extract_all(tmp_path / "out", parts(files))


def die_once(folder: Path, part: Part) -> Outcome:
    """Work that kills its process in the first attempt of the second part."""
    mark = folder / f"tried-{part.path.name}"
    if part.path.name.startswith("001") and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(articles=1)


def die_always(part: Part) -> Outcome:
    if part.path.name.startswith("001"):
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(articles=1)


def fail_on_second(part: Part) -> Outcome:
    if part.path.name.startswith("001"):
        raise ZeroDivisionError("an unexpected page")
    return Outcome(articles=1)


@pytest.mark.slow
def test_part_whose_process_is_lost_is_retried(tmp_path: Path) -> None:
    all_parts = parts(web_archives(tmp_path, 4))
    ended = list(LocalEngine(2).map(partial(die_once, tmp_path), all_parts))
    assert sorted(part.name for part, _ in ended) == sorted(part.name for part in all_parts)
    assert all(outcome.error is None for _, outcome in ended)


@pytest.mark.slow
def test_part_that_kills_every_process_fails_and_the_others_finish(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "MAX_RETRIES", 1)
    all_parts = parts(web_archives(tmp_path, 3))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(2).map(die_always, all_parts)}
    assert "its worker process was killed 2 times (SIGKILL)" in str(ended["001.warc.gz"].error)
    assert (ended["000.warc.gz"].error, ended["002.warc.gz"].error) == (None, None)


def report_process(part: Part) -> Outcome:
    return Outcome(counts={"process": os.getpid(), "main": threading.current_thread() is threading.main_thread()})


@pytest.mark.slow
def test_dask_thread_runs_parts_in_the_main_thread_of_another_process(tmp_path: Path) -> None:
    first, second = parts(web_archives(tmp_path, 2))
    with ThreadPoolExecutor(1) as threads:
        (_, one), (_, other) = (threads.submit(run_part, report_process, part).result() for part in (first, second))
    assert one.counts["main"]
    assert one.counts["process"] == other.counts["process"] != os.getpid()


@pytest.mark.slow
def test_two_processes_run_every_part_once(tmp_path: Path) -> None:
    all_parts = parts(web_archives(tmp_path, 4))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(2).map(fail_on_second, all_parts)}
    assert sorted(ended) == sorted(part.path.name for part in all_parts)
    assert [name for name, outcome in ended.items() if outcome.error is not None] == ["001.warc.gz"]
    assert sum(outcome.articles for outcome in ended.values()) == 3


def test_part_is_immutable(tmp_path: Path) -> None:
    (part,) = parts(web_archives(tmp_path, 1))
    with pytest.raises(AttributeError):
        part.begin = 1  # type: ignore[misc]


def test_failed_part_does_not_affect_the_others(tmp_path: Path) -> None:
    all_parts = parts(web_archives(tmp_path, 3))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(1).map(fail_on_second, all_parts)}
    assert str(ended["001.warc.gz"].error).endswith("ZeroDivisionError: an unexpected page.")
    assert ended["002.warc.gz"].error is None


def test_missing_dask_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"needs the extra 'bulk'"):
        DaskEngine(None, 2)


def kill_worker_with_results(client: Any) -> None:
    """Kill a worker of Dask that has results that nobody has fetched, and wait until the scheduler knows."""
    processes = client.run(os.getpid)
    while not any(client.has_what().values()):
        sleep(0.01)
    worker = max(client.has_what().items(), key=lambda item: len(item[1]))[0]
    os.kill(processes[worker], signal.SIGKILL)
    while worker in client.has_what():
        sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_dask_with_a_killed_worker_gives_the_shards_of_a_single_process(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    files = web_archives(tmp_path, MANY)
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        with Client(cluster) as client:
            work = BulkExtraction(Shards(tmp_path / "dask"), INSTRUCTIONS, parts(files))
            for count, _ in enumerate(work.run(DaskEngine(cluster.scheduler_address, 2))):
                if count == MANY // 4:
                    kill_worker_with_results(client)
        assert (work.parts["read"], work.parts["failed"], work.parts["finished"]) == (MANY, 0, 0)
    extract_all(tmp_path / "here", parts(files))
    assert rows(tmp_path / "dask") == rows(tmp_path / "here")
    assert articles_in(tmp_path / "dask") == MANY
    assert [path for path in (tmp_path / "dask").iterdir() if path.name.endswith(".part")] == []


def command(folder: Path, out: str, *options: str) -> list[str]:
    caliber = [sys.executable, "-m", "caliber_crawler", "bulk", "extract"]
    return [*caliber, str(folder), "--out", str(folder / out), "--json", *options]


@pytest.mark.slow
def test_killed_command_resumes(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 30)
    out = tmp_path / "out"
    with subprocess.Popen(command(tmp_path, "out", "--jobs", "2"), stdout=subprocess.DEVNULL) as process:
        end = monotonic() + 240
        while monotonic() < end and (not out.exists() or len(list(shards(out))) < 3):
            sleep(0.01)
        workers = psutil.Process(process.pid).children()
        process.kill()
    assert len(workers) == 2
    assert psutil.wait_procs(workers, timeout=30)[1] == []
    finished = len(list(shards(out)))
    assert 3 <= finished < len(files)
    again = subprocess.run(command(tmp_path, "out", "--jobs", "1"), stdout=subprocess.PIPE, check=True, timeout=240)
    assert f'"read": {len(files) - finished}'.encode() in again.stdout
    assert articles_in(out) == len(files)
