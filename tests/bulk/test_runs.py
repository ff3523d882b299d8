"""Bulk reading ends with the same shards, whoever reads, whatever is lost on the way, however often it is begun."""

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

import psutil
import pytest

from caliber_crawler.bulk import BulkExtraction, DaskEngine, LocalEngine, Outcome, Part, Shards, engines
from caliber_crawler.bulk.dask_engine import run_part
from caliber_crawler.errors import ArchiveFull, ArchiveLocked, MissingExtra
from caliber_crawler.site import SiteRegistry
from tests.bulk.warehouse import INSTRUCTIONS, articles_in, parts, read_all, rows, shards, web_archives
from tests.warc.newsstand import SITE, held, run

MANY = 100


def test_what_is_finished_is_not_read_again(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 3)
    assert read_all(tmp_path / "out", parts(files)).parts == {"read": 3, "finished": 0, "swept": 0}
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.db")}
    again = read_all(tmp_path / "out", parts(files))
    assert again.parts == {"finished": 3, "swept": 0}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.db")} == before


def test_new_facts_of_a_site_make_new_shards_in_the_place_of_the_old(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 2)
    read_all(tmp_path / "out", parts(files))
    before = {shard.name for shard in shards(tmp_path / "out")}
    described_anew = replace(SITE, title="Another name")
    site_resolver = replace(INSTRUCTIONS.site_resolver, sites=SiteRegistry([described_anew]), default=described_anew)
    work = BulkExtraction(Shards(tmp_path / "out"), replace(INSTRUCTIONS, site_resolver=site_resolver), parts(files))
    assert len(list(work.run(LocalEngine(1)))) == 2
    after = {shard.name for shard in shards(tmp_path / "out")}
    assert len(after) == 2
    assert not after & before


def test_a_shard_holds_what_ingesting_its_file_gives(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1, pages_each=4)
    read_all(tmp_path / "out", parts([file]))
    assert run("ingest", file, "--archive", tmp_path / "a.db", "--jobs", 1).exit_code == 0
    (shard,) = rows(tmp_path / "out").values()
    ingested = held(tmp_path / "a.db")
    assert {table: shard[table] for table in ingested} == ingested
    assert [row["headline"] for row in shard["parquet"]]  # type: ignore[attr-defined]


def test_what_a_killed_command_left_unfinished_is_swept(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    out = tmp_path / "out"
    left = out / ".000.warc.gz-1234.part"
    left.mkdir(parents=True)
    (left / "archive.db").write_bytes(b"half of it")
    assert read_all(out, parts([file])).parts["swept"] == 1
    assert not left.exists()


def test_two_commands_never_fill_one_folder_at_once(tmp_path: Path) -> None:
    with Shards(tmp_path / "out").reserved(), pytest.raises(ArchiveLocked, match="Another command is writing"):
        read_all(tmp_path / "out", parts(web_archives(tmp_path, 1)))


def test_of_two_processes_with_one_part_the_faster_ones_shard_stays(tmp_path: Path) -> None:
    (file,) = web_archives(tmp_path, 1)
    read_all(tmp_path / "out", parts([file]))
    (shard,) = shards(tmp_path / "out")
    before = (shard / "summary.json").stat().st_ino
    Shards(tmp_path / "out").publish(shard, shard.name)
    assert (shard / "summary.json").stat().st_ino == before
    assert list(shards(tmp_path / "out")) == [shard]


def test_a_full_disk_ends_the_run(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 2)
    (tmp_path / "out").write_bytes(b"a file where the folder should be")
    with pytest.raises(ArchiveFull):
        read_all(tmp_path / "out", parts(files))


def die_once(folder: Path, part: Part) -> Outcome:
    """Work that costs its process its life the first time it meets the second part."""
    met = folder / f"met-{part.path.name}"
    if part.path.name.startswith("001") and not met.exists():
        met.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(articles=1)


def die_always(part: Part) -> Outcome:
    if part.path.name.startswith("001"):
        os.kill(os.getpid(), signal.SIGKILL)
    return Outcome(articles=1)


def stumble(part: Part) -> Outcome:
    if part.path.name.startswith("001"):
        raise ZeroDivisionError("a page nobody thought of")
    return Outcome(articles=1)


@pytest.mark.slow
def test_a_part_whose_process_is_lost_is_tried_again(tmp_path: Path) -> None:
    there = parts(web_archives(tmp_path, 4))
    ended = list(LocalEngine(2).map(partial(die_once, tmp_path), there))
    assert sorted(part.name for part, _ in ended) == sorted(part.name for part in there)
    assert all(outcome.error is None for _, outcome in ended)


@pytest.mark.slow
def test_a_part_that_kills_every_process_is_given_up_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "MAX_RETRIES", 1)
    there = parts(web_archives(tmp_path, 3))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(2).map(die_always, there)}
    assert "it ended its worker process 2 times (SIGKILL)" in str(ended["001.warc.gz"].error)
    assert (ended["000.warc.gz"].error, ended["002.warc.gz"].error) == (None, None)


def where(part: Part) -> Outcome:
    return Outcome(counts={"process": os.getpid(), "main": threading.current_thread() is threading.main_thread()})


@pytest.mark.slow
def test_a_thread_of_dask_has_parts_read_where_their_time_can_be_limited(tmp_path: Path) -> None:
    first, second = parts(web_archives(tmp_path, 2))
    with ThreadPoolExecutor(1) as threads:
        (_, one), (_, other) = (threads.submit(run_part, where, part).result() for part in (first, second))
    assert one.counts["main"]
    assert one.counts["process"] == other.counts["process"] != os.getpid()


def test_two_processes_take_every_part_once(tmp_path: Path) -> None:
    there = parts(web_archives(tmp_path, 4))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(2).map(stumble, there)}
    assert sorted(ended) == sorted(part.path.name for part in there)
    assert [name for name, outcome in ended.items() if outcome.error is not None] == ["001.warc.gz"]
    assert sum(outcome.articles for outcome in ended.values()) == 3


def test_a_part_cannot_be_changed(tmp_path: Path) -> None:
    (part,) = parts(web_archives(tmp_path, 1))
    with pytest.raises(AttributeError):
        part.begin = 1  # type: ignore[misc]


def test_a_part_that_fails_costs_itself_only(tmp_path: Path) -> None:
    there = parts(web_archives(tmp_path, 3))
    ended = {part.path.name: outcome for part, outcome in LocalEngine(1).map(stumble, there)}
    assert str(ended["001.warc.gz"].error).endswith("ZeroDivisionError: a page nobody thought of.")
    assert ended["002.warc.gz"].error is None


def test_without_dask_one_sentence_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtra, match=r"caliber-crawler\[bulk\]"):
        DaskEngine(None, 2)


@pytest.mark.slow
@pytest.mark.timeout(300)  # 13 s on two cores that have nothing else to do
def test_with_dask_and_a_killed_worker_the_shards_are_those_of_a_single_process(tmp_path: Path) -> None:
    from distributed import Client, LocalCluster

    files = web_archives(tmp_path, MANY)
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0") as cluster:
        with Client(cluster) as client:
            pid = next(iter(client.run(os.getpid).values()))
        work = BulkExtraction(Shards(tmp_path / "dask"), INSTRUCTIONS, parts(files))
        for count, _ in enumerate(work.run(DaskEngine(cluster.scheduler_address, 2))):
            if count == MANY // 4:
                os.kill(pid, signal.SIGKILL)
        assert (work.parts["read"], work.parts["failed"], work.parts["finished"]) == (MANY, 0, 0)
    read_all(tmp_path / "here", parts(files))
    assert rows(tmp_path / "dask") == rows(tmp_path / "here")
    assert articles_in(tmp_path / "dask") == MANY
    assert [path for path in (tmp_path / "dask").iterdir() if path.name.endswith(".part")] == []


def command(folder: Path, out: str, *options: str) -> list[str]:
    caliber = [sys.executable, "-m", "caliber_crawler", "bulk", "extract"]
    return [*caliber, str(folder), "--out", str(folder / out), "--json", *options]


@pytest.mark.slow
def test_a_killed_command_goes_on_where_it_was(tmp_path: Path) -> None:
    files = web_archives(tmp_path, 30)
    out = tmp_path / "out"
    with subprocess.Popen(command(tmp_path, "out", "--jobs", "2"), stdout=subprocess.DEVNULL) as process:
        end = monotonic() + 240
        while monotonic() < end and (not out.exists() or len(list(shards(out))) < 3):
            sleep(0.01)
        readers = psutil.Process(process.pid).children()
        process.kill()
    assert len(readers) == 2
    assert psutil.wait_procs(readers, timeout=30)[1] == []
    there = len(list(shards(out)))
    assert 3 <= there < len(files)
    again = subprocess.run(command(tmp_path, "out", "--jobs", "1"), stdout=subprocess.PIPE, check=True, timeout=240)
    assert f'"read": {len(files) - there}'.encode() in again.stdout
    assert articles_in(out) == len(files)
