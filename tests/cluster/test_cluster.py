"""Two workers, more sites than they crawl at a time, and failures of workers. Nothing is lost or stored twice, and two
workers never send requests to a host at the same time. Restarts of PostgreSQL and failures of the storage:
test_storage_faults.py."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cluster.crew import LEASE, Cable, Crew, assert_every_article_once, run_crew
from tests.cluster.postgres import Postgres
from tests.cluster.press import serve_press

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ARTICLES = 3
RECOVERY = 2 * LEASE
"""Seconds within which the jobs of a dead worker are queued again: its lease, a quarter of it as a margin, a quarter
until another worker checks, and extra time for a busy machine."""


@pytest.fixture(params=[24], ids="{} sites".format)
def crew(dsn: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Crew]:
    with serve_press(tmp_path, request.param, ARTICLES, latency=0.03) as press, run_crew(dsn, press, tmp_path) as crew:
        crew.enqueue()
        yield crew


with_few_sites = pytest.mark.parametrize("crew", [12], indirect=True, ids="{} sites".format)


def test_jobs_of_a_killed_worker_are_reassigned(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
    anna.kill()
    anna.wait()
    assert crew.wait_for(lambda: "is dead; the job is queued again" in crew.log("boris")) < RECOVERY
    crew.wait_for(crew.is_done)
    handovers = crew.handovers()
    assert handovers, "the worker had no job when it was killed"
    assert min(handovers.values()) > LEASE
    assert_every_article_once(crew.collect(), crew.press.papers)


@with_few_sites
def test_worker_suspended_longer_than_its_lease_exits(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
    os.kill(anna.pid, signal.SIGSTOP)
    suspended_at = time.time()
    crew.wait_for(crew.is_done)
    assert min(crew.handovers().values()) > LEASE
    os.kill(anna.pid, signal.SIGCONT)
    assert anna.wait(10) == 18
    assert "The worker lost its lease" in crew.log("anna")
    assert max(visit.at for visit in crew.by("anna")) < suspended_at + 1, (
        "a request after the lease (a busy server logs up to a second late)"
    )
    assert_every_article_once(crew.collect(), crew.press.papers)


@with_few_sites
def test_worker_without_connection_exits_before_its_jobs_are_reassigned(crew: Crew, postgres: Postgres) -> None:
    with closing(Cable(postgres.port)) as cable:
        anna = crew.start("anna", crew.dsn.replace(str(postgres.port), str(cable.port)))
        crew.start("boris")
        crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
        cable.cut()
        cut_at = time.time()
        assert anna.wait(LEASE * 2) == 18
        crew.wait_for(crew.is_done)
    assert max(visit.at for visit in crew.by("anna")) < cut_at + LEASE
    handovers = crew.handovers()
    assert handovers
    assert min(handovers.values()) > 0
    assert_every_article_once(crew.collect(), crew.press.papers)


@with_few_sites
def test_stopped_worker_returns_its_jobs_at_once(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
    anna.terminate()
    assert anna.wait(90) == 0
    crew.wait_for(crew.is_done)
    assert "Traceback" not in crew.log("anna")
    crew.handovers()
    assert_every_article_once(crew.collect(), crew.press.papers)
