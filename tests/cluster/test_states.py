"""The state of each site in PostgreSQL: since when, the change, and the acknowledgement of alarms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from procrastinate import PsycopgConnector

from caliber_crawler.archive import Archive
from caliber_crawler.archive.reports.alarms import SiteState
from caliber_crawler.cluster import states
from caliber_crawler.cluster.crawler import acknowledge_alarms
from caliber_crawler.cluster.database import connect, conninfo, set_up
from caliber_crawler.cluster.status import cluster_status
from caliber_crawler.errors import ClusterError
from caliber_crawler.items import Problem

HEALTHY, REDESIGN = SiteState(0), SiteState(3, ("unknown_layout",))


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[PsycopgConnector]:
    connector = PsycopgConnector(conninfo=conninfo(dsn))
    await connector.open_async()
    try:
        yield connector
    finally:
        await connector.close_async()


def record(dsn: str, *found: SiteState) -> list[SiteState | None]:
    """Record the states of a site after its jobs; return the state before each."""

    async def body() -> list[SiteState | None]:
        async with opened(dsn) as connector:
            return [
                (await states.record_state(connector, "gazette", state, why=why, machine="a")).before
                for state, why in zip(found, (None, "a new layout", None), strict=False)
            ]

    return asyncio.run(body())


@pytest.mark.slow
def test_each_state_is_compared_with_the_one_before(dsn: str) -> None:
    set_up(dsn)
    assert record(dsn, HEALTHY, REDESIGN, REDESIGN) == [None, HEALTHY, REDESIGN]
    (site,) = cluster_status(dsn, unhealthy=True)["sites"]
    assert (site["state"], site["alarms"]) == ("alarm", ["unknown_layout"])
    assert site["why"] == "a new layout", "the next run found nothing, and the alarm is open"
    since, healthy = site["since"], site["last_healthy_at"]
    record(dsn, REDESIGN)
    (site,) = cluster_status(dsn)["sites"]
    assert (site["since"], site["last_healthy_at"]) == (since, healthy)
    record(dsn, HEALTHY)
    assert cluster_status(dsn, unhealthy=True)["sites"] == []


@pytest.mark.slow
def test_an_acknowledgement_waits_for_the_next_job_of_the_site(dsn: str) -> None:
    set_up(dsn)
    record(dsn, REDESIGN)
    with connect(dsn) as connection:
        states.acknowledge(connection, "gazette", by="ada", note="a new layout")
        with pytest.raises(ClusterError, match="No job of the site 'other' has ended yet"):
            states.acknowledge(connection, "other", by="ada", note="")

    async def take() -> list[dict[str, str] | None]:
        async with opened(dsn) as connector:
            first = await states.pending_acknowledgement(connector, "gazette")
            assert first is not None
            await states.complete_acknowledgement(connector, "gazette", {"by": "boris", "note": "an earlier one"})
            second = await states.pending_acknowledgement(connector, "gazette")
            await states.complete_acknowledgement(connector, "gazette", first)
            return [first, second, await states.pending_acknowledgement(connector, "gazette")]

    given = {"by": "ada", "note": "a new layout"}
    assert asyncio.run(take()) == [given, given, None]


def test_a_job_acknowledges_the_alarms_in_its_shard(tmp_path: Path) -> None:
    path = tmp_path / "shard.db"
    acknowledge_alarms(path, "gazette", {"by": "ada", "note": ""})
    assert not path.exists(), "there is no shard yet"
    with Archive.open(path, mode="write") as archive:
        run_id = archive.runs.start("crawl", site="gazette", arguments={}, settings={}, software={})
        archive.runs.record_problem(run_id, Problem(stage="run", reason="unknown_layout", message="A new layout."))
        archive.runs.record_exit_code(run_id, 3)
        assert archive.alarms.state("gazette") == REDESIGN
    acknowledge_alarms(path, "gazette", {"by": "ada", "note": "seen"})
    with Archive.open(path) as archive:
        assert archive.alarms.open() == []
        assert archive.runs.last(1)[0]["arguments"]["by"] == "ada"
