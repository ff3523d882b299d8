"""The outcomes of parts: their order, their sums, and what stops a run."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from caliber_crawler.bulk import BulkExtraction, DaskEngine, LocalEngine, Outcome, Part, Shards, parts_of
from caliber_crawler.bulk import extraction as extraction_module
from caliber_crawler.bulk.dask_engine import (
    MAX_IN_FLIGHT_PER_THREAD,
    MAX_LOST_WORKERS,
    MIN_IN_FLIGHT,
    allow_losses,
    in_flight_limit,
    outcome,
)
from caliber_crawler.bulk.engines import Answer, PartFailed, answer_of, failed, outcome_of
from caliber_crawler.bulk.extraction import SCRATCH, extract_part, is_running, scratch
from caliber_crawler.errors import ArchiveError, ArchiveFull, CaliberError, InputError
from caliber_crawler.processes import Call, WorkerCrashed
from tests.bulk.warehouse import INSTRUCTIONS, web_archives

NO_PROCESS = 2**22 + 1
"""More than the maximum process ID of Linux."""


def part(number: int, size: int = 100) -> Part:
    return Part(
        path=Path(f"{number:03}.warc.gz"),
        number=None,
        begin=0,
        end=None,
        size=size,
        is_archive=False,
        identity=f"{number:064}",
    )


class Engine:
    """An engine that gives known outcomes, in the order in which it gets the parts."""

    def __init__(self, outcomes: dict[Path, Outcome]) -> None:
        self.outcomes = outcomes
        self.parts: list[Part] = []

    def map(self, work: Callable[[Part], Outcome], parts: Sequence[Part]) -> Iterator[tuple[Part, Outcome]]:
        for each in parts:
            self.parts.append(each)
            yield each, self.outcomes[each.path]


# --- runs -------------------------------------------------------------------------------------------------------------


def test_the_largest_parts_are_extracted_first(tmp_path: Path) -> None:
    parts = [part(number, size) for number, size in enumerate((20, 5, 30))]
    engine = Engine({each.path: Outcome() for each in parts})
    for _ in BulkExtraction(Shards(tmp_path), INSTRUCTIONS, parts).run(engine):
        pass
    assert [each.size for each in engine.parts] == [30, 20, 5]


def test_the_outcomes_of_the_parts_are_added_up(tmp_path: Path) -> None:
    parts = [part(number) for number in range(3)]
    good = Outcome(counts={"pages": 2, "new": 1}, skipped={"damaged": 1}, articles=3, left_out=1, seconds=0.5)
    outcomes = (good, replace(good, counts={"pages": 5}), failed(parts[2], "it was unreadable"))
    work = BulkExtraction(Shards(tmp_path), INSTRUCTIONS, parts)
    found = dict(work.run(Engine({each.path: outcome for each, outcome in zip(parts, outcomes, strict=True)})))
    assert found == dict(zip(parts, outcomes, strict=True))
    assert work.parts == {"read": 2, "failed": 1, "finished": 0, "swept": 0}
    assert (work.counts, work.skipped) == ({"pages": 7, "new": 1}, {"damaged": 2})
    assert (work.articles, work.left_out, work.seconds) == (6, 2, 1.0)


def test_a_failed_part_does_not_replace_the_shard_of_earlier_code(tmp_path: Path) -> None:
    parts = [part(number) for number in range(2)]
    earlier = [tmp_path / f"{each.name}-earlier" for each in parts]
    for folder in earlier:
        folder.mkdir()
    engine = Engine({parts[0].path: Outcome(), parts[1].path: failed(parts[1], "it was unreadable")})
    assert len(list(BulkExtraction(Shards(tmp_path), INSTRUCTIONS, parts).run(engine))) == 2
    assert [folder.exists() for folder in earlier] == [False, True]


# --- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (WorkerCrashed("it ended its worker"), "it ended its worker"),
        (ZeroDivisionError("an unexpected page"), "ZeroDivisionError: an unexpected page"),
    ],
)
def test_a_part_that_cannot_be_extracted_fails_with_the_reason(error: Exception, reason: str) -> None:
    call = Call(int)
    call.settle(error=error)
    answer = answer_of(call)
    assert answer == ("failed", reason)
    found = outcome_of(part(1), answer)
    assert isinstance(found.error, PartFailed)
    assert str(found.error) == f"{part(1).name} could not be extracted: {reason}."


def test_an_error_for_the_user_stops_the_run() -> None:
    call = Call(int)
    call.settle(error=ArchiveFull("The disk is full."))
    with pytest.raises(ArchiveFull, match="The disk is full"):
        outcome_of(part(1), answer_of(call))


def test_the_outcome_of_a_finished_part_is_its_result() -> None:
    call, result = Call(int), Outcome(articles=3)
    call.settle(result)
    assert outcome_of(part(1), answer_of(call)) is result


def test_a_future_gives_the_outcome_of_its_part() -> None:
    finished, failed, full = Future[Answer](), Future[Answer](), Future[Answer]()
    finished.set_result(("done", Outcome(articles=3)))
    assert outcome(part(1), finished) == Outcome(articles=3)
    failed.set_exception(RuntimeError("the workers were lost."))
    lost = outcome(part(1), failed)
    assert str(lost.error) == f"{part(1).name} could not be extracted: the workers were lost."
    full.set_result(("raised", ArchiveFull("The disk is full.")))
    with pytest.raises(ArchiveFull):
        outcome(part(1), full)


def test_a_part_whose_result_was_lost_has_the_outcome_of_its_repetition() -> None:
    """As in Dask, where the status of an ended future changes when the worker with its result is lost."""
    repeated = Future[Answer]()
    repetition = Timer(0.01, repeated.set_result, [("done", Outcome(articles=3))])
    repetition.start()
    assert outcome(part(1), repeated) == Outcome(articles=3)
    repetition.join()


class Cluster:
    """The facts of a Dask cluster that the engine asks for."""

    def __init__(self, threads: dict[str, int], allowed_failures: int) -> None:
        self.threads, self.allowed_failures = threads, allowed_failures

    def nthreads(self) -> dict[str, int]:
        return self.threads


@pytest.mark.parametrize(
    ("threads", "limit"),
    [({}, MIN_IN_FLIGHT), ({"a": 1}, MIN_IN_FLIGHT), ({"a": 60, "b": 40}, MAX_IN_FLIGHT_PER_THREAD * 100)],
)
def test_the_number_of_submitted_parts_grows_with_the_cluster(threads: dict[str, int], limit: int) -> None:
    assert in_flight_limit(Cluster(threads, 3)) == limit


@pytest.mark.parametrize(("before", "after"), [(3, MAX_LOST_WORKERS), (MAX_LOST_WORKERS + 1, MAX_LOST_WORKERS + 1)])
def test_a_part_may_lose_many_workers(before: int, after: int) -> None:
    cluster = Cluster({}, before)
    allow_losses(cluster)
    assert cluster.allowed_failures == after


class Dask:
    """The names of Dask that the engine uses: a scheduler at one address, and clusters that only record their start."""

    def __init__(self) -> None:
        self.clusters: list[dict[str, Any]] = []
        self.clients: list[object] = []

    def LocalCluster(self, **options: Any) -> AbstractContextManager[str]:  # noqa: N802
        self.clusters.append(options)
        return nullcontext("a new cluster")

    def Client(self, address: object) -> AbstractContextManager[object]:  # noqa: N802
        if address == "tcp://absent:8786":
            raise OSError("no answer")
        self.clients.append(address)
        return nullcontext(address)


@pytest.mark.parametrize(
    ("address", "client", "workers"),
    [("tcp://there:8786", "tcp://there:8786", []), (None, "a new cluster", [2])],
)
def test_a_new_cluster_is_started_only_without_a_scheduler(
    monkeypatch: pytest.MonkeyPatch, address: str | None, client: str, workers: list[int]
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", dask := Dask())
    with ExitStack() as stack:
        assert DaskEngine(address, 2)._connect(stack) == client
    assert dask.clients == [client]
    assert [options["n_workers"] for options in dask.clusters] == workers


def test_an_unreachable_scheduler_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", Dask())
    with ExitStack() as stack, pytest.raises(CaliberError, match="No Dask scheduler is reachable at tcp://absent:8786"):
        DaskEngine("tcp://absent:8786", 2)._connect(stack)


def count_one(_: Part) -> Outcome:
    return Outcome(articles=1)


def test_a_process_gets_its_next_part_when_it_has_finished_one() -> None:
    taken: list[Part] = []

    def parts() -> Iterator[Part]:
        for number in range(4):
            taken.append(part(number))
            yield taken[-1]

    counts = [len(taken) for _ in LocalEngine(1).map(count_one, parts())]  # type: ignore[arg-type]
    assert counts == [1, 2, 3, 4]


# --- extraction of a part ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ArchiveError("The archive is damaged."), "The archive is damaged."),
        (InputError("The input is damaged."), "The input is damaged."),
        (OSError(5, "Input/output error"), "Cannot read {path}: Input/output error."),
    ],
)
def test_an_unreadable_part_fails_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def extract_into(*_: object) -> None:
        raise error

    monkeypatch.setattr(extraction_module, "extract_into", extract_into)
    (file,) = web_archives(tmp_path, 1)
    (whole,) = parts_of(file)
    found = extract_part(Shards(tmp_path / "out"), INSTRUCTIONS, whole)
    assert str(found.error) == message.format(path=file)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def extract_into(*_: object) -> None:
        raise ArchiveFull("The disk is full.")

    monkeypatch.setattr(extraction_module, "extract_into", extract_into)
    (file,) = web_archives(tmp_path, 1)
    (whole,) = parts_of(file)
    with pytest.raises(ArchiveFull):
        extract_part(Shards(tmp_path / "out"), INSTRUCTIONS, whole)


def test_folders_that_killed_processes_left_are_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, own, other, unrelated = (
        tmp_path / name
        for name in (
            f"{SCRATCH}{NO_PROCESS}-a",
            f"{SCRATCH}{os.getpid()}-b",
            f"{SCRATCH}x-c",
            f"caliber-{NO_PROCESS}-d",
        )
    )
    for folder in (dead, own, other, unrelated):
        folder.mkdir()
    with scratch() as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(f"{SCRATCH}{os.getpid()}-")
        assert [each.exists() for each in (dead, own, other, unrelated)] == [False, True, True, True]
    assert not folder.exists()


def test_a_process_is_running_if_it_has_an_id() -> None:
    assert [is_running(pid) for pid in (os.getpid(), 1, NO_PROCESS)] == [True, True, False]


@pytest.mark.parametrize(("part_bytes", "numbers"), [(40, [0, 1, 2]), (100, [None]), (99, [0, 1])])
def test_only_the_parts_of_a_divided_file_have_numbers(
    tmp_path: Path, part_bytes: int, numbers: list[int | None]
) -> None:
    path = tmp_path / "crawl.warc.gz"
    path.write_bytes(b"\x1f\x8b" + bytes(98))
    divided = list(parts_of(path, part_bytes))
    assert [each.number for each in divided] == numbers
    assert len({each.name for each in divided}) == len(divided)
    marks = ["" if number is None else f"-{number:05}" for number in numbers]
    assert [each.name for each in divided] == [
        f"crawl.warc.gz{mark}-{each.identity[:12]}" for mark, each in zip(marks, divided, strict=True)
    ]
