"""Two workers, forty sites, and what can happen to workers and to PostgreSQL: nothing is lost, nothing is there twice,
and no host is ever visited by two workers at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cluster.crew import LEASE, Cable, Crew, assert_all_is_there_once, crew_of
from tests.cluster.postgres import Postgres
from tests.cluster.press import printing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ARTICLES = 3
RECOVERY = 2 * LEASE
"""Seconds within which the jobs of a dead worker are in the queue again: its lease, a quarter more, a quarter until
somebody looks, and what a busy machine adds."""


@pytest.fixture(params=[40], ids="{} sites".format)
def crew(dsn: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Crew]:
    with printing(tmp_path, request.param, ARTICLES, latency=0.03) as press, crew_of(dsn, press, tmp_path) as crew:
        crew.enqueue()
        yield crew


a_few_sites = pytest.mark.parametrize("crew", [12], indirect=True, ids="{} sites".format)


def is_in_the_middle(crew: Crew) -> bool:
    """Have both workers begun, and is more than half of the work left?"""
    pages = len(crew.press.papers) * (ARTICLES + 8)
    return crew.visited() > pages / 5 and bool(crew.by("anna")) and bool(crew.by("boris"))


def test_a_restart_of_postgresql_costs_nothing(crew: Crew, postgres: Postgres) -> None:
    anna, boris = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: is_in_the_middle(crew))
    postgres.stop()
    postgres.start()
    crew.wait_for(crew.is_done)
    assert (anna.poll(), boris.poll()) == (None, None)
    assert crew.handovers() == {}
    assert_all_is_there_once(crew.collect(), crew.press.papers)
    crew.stop()
    assert (anna.returncode, boris.returncode) == (0, 0)


def test_the_jobs_of_a_killed_worker_are_done_by_the_other(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: is_in_the_middle(crew))
    anna.kill()
    anna.wait()
    assert crew.wait_for(lambda: "is dead: the job is queued again" in crew.log("boris")) < RECOVERY
    crew.wait_for(crew.is_done)
    handed_over = crew.handovers()
    assert handed_over, "nothing was under way when it was killed"
    assert min(handed_over.values()) > LEASE
    assert_all_is_there_once(crew.collect(), crew.press.papers)


def test_a_worker_that_slept_longer_than_its_lease_does_nothing_more(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: is_in_the_middle(crew))
    os.kill(anna.pid, signal.SIGSTOP)
    asleep_at = time.time()
    crew.wait_for(crew.is_done)
    assert min(crew.handovers().values()) > LEASE
    os.kill(anna.pid, signal.SIGCONT)
    assert anna.wait(10) == 18
    assert "This worker ends" in crew.log("anna")
    assert max(visit.at for visit in crew.by("anna")) < asleep_at + 1, "a busy server notes a request a little late"
    assert_all_is_there_once(crew.collect(), crew.press.papers)


@a_few_sites
def test_a_worker_that_is_cut_off_stops_before_its_jobs_are_given_away(crew: Crew, postgres: Postgres) -> None:
    with closing(Cable(postgres.port)) as cable:
        anna = crew.start("anna", crew.dsn.replace(str(postgres.port), str(cable.port)))
        crew.start("boris")
        crew.wait_for(lambda: is_in_the_middle(crew))
        cable.cut()
        cut_at = time.time()
        assert anna.wait(LEASE * 2) == 18
        crew.wait_for(crew.is_done)
    assert max(visit.at for visit in crew.by("anna")) < cut_at + LEASE
    handed_over = crew.handovers()
    assert handed_over
    assert min(handed_over.values()) > 0
    assert_all_is_there_once(crew.collect(), crew.press.papers)


@a_few_sites
def test_a_worker_that_is_told_to_stop_hands_its_work_over_at_once(crew: Crew) -> None:
    anna, _ = crew.start("anna"), crew.start("boris")
    crew.wait_for(lambda: is_in_the_middle(crew))
    anna.terminate()
    assert anna.wait(30) == 0
    crew.wait_for(crew.is_done)
    assert "Traceback" not in crew.log("anna")
    crew.handovers()
    assert_all_is_there_once(crew.collect(), crew.press.papers)
