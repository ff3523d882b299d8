"""Workers of several versions share one queue: each is given only the jobs that it can run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from procrastinate.jobs import Status

from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster import protocol
from caliber_crawler.cluster.database import RetryingConnector, connect, require_set_up, set_up
from caliber_crawler.cluster.jobs import QUEUE, TASK, FencedJobs, enqueue
from caliber_crawler.cluster.protocol import FETCH, LEAST_PROTOCOL, PROTOCOL, Versions, require_protocol
from caliber_crawler.cluster.status import cluster_status
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.errors import ClusterError
from caliber_crawler.known_sites import project_settings
from tests.cluster.crew import assert_every_article_once, run_crew
from tests.cluster.postgres import rows
from tests.cluster.press import MODULE, serve_press
from tests.cluster.test_fences import StaticLease, worker_id

LOCKS = HostLocks(project_settings())
OLDER = Versions(archive_schema=VERSION - 1)
SHARD = """INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts, archive_schema)
VALUES (%s, 1, 'x', 1, '', 'finished', '{}', %s)"""


@asynccontextmanager
async def worker(dsn: str, versions: Versions) -> AsyncIterator[FencedJobs]:
    connector = RetryingConnector(conninfo=dsn, min_size=1, max_size=2)
    await connector.open_async()
    try:
        manager = FencedJobs(connector, StaticLease(dsn, 1e6), versions)
        await manager.register_worker()
        yield manager
    finally:
        await connector.close_async()


async def take_all(manager: FencedJobs) -> list[str]:
    """Take and finish jobs until none is given; return their names."""
    taken = []
    while job := await manager.fetch_job([QUEUE], worker_id(manager)):
        taken.append(str(job.queueing_lock))
        assert job.id is not None
        await manager.finish_job_by_id_async(job.id, Status.SUCCEEDED, delete_job=True)
    return taken


@pytest.mark.slow
def test_a_worker_is_given_only_jobs_whose_shard_it_reads(dsn: str) -> None:
    set_up(dsn)
    urls = {f"https://{name}.example/": f"{name}.example" for name in ("new", "unmarked", "old")}
    with connect(dsn) as connection:
        for (url, _), schema in zip(urls.items(), (VERSION, None, VERSION - 1), strict=True):
            connection.execute(SHARD, (LOCKS.site_name(Work(site=url)), schema))
    first = "https://first.example/"
    enqueue(dsn, [Work(site=url) for url in (*urls, first)], LOCKS)

    async def body() -> None:
        async with worker(dsn, OLDER) as older, worker(dsn, Versions()) as newer:
            machines = {row["id"]: (row["archive_schema"], row["protocol"]) for row in cluster_status(dsn)["workers"]}
            assert machines == {
                worker_id(older): (VERSION - 1, PROTOCOL),
                worker_id(newer): (VERSION, PROTOCOL),
            }
            assert await older.has_jobs_left()
            assert await take_all(older) == ["https://unmarked.example/", "https://old.example/", first]
            assert not await older.has_jobs_left()
            left = await older.jobs_of_later_versions()
            assert (left["jobs"], left["archive_schema"], left["least"]) == (1, VERSION, LEAST_PROTOCOL)
            assert await newer.has_jobs_left()
            assert await take_all(newer) == ["https://new.example/"]
            assert (await newer.jobs_of_later_versions())["jobs"] == 0

    asyncio.run(body())


@pytest.mark.slow
def test_a_cluster_of_a_later_version_gives_earlier_workers_no_jobs(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(dsn)
    enqueue(dsn, [Work(site="caliber")], LOCKS)
    with monkeypatch.context() as later:
        for name in ("PROTOCOL", "LEAST_PROTOCOL"):
            later.setattr(protocol, name, PROTOCOL + 1)
        later.setattr("caliber_crawler.cluster.database.PROTOCOL", PROTOCOL + 1)
        assert set_up(dsn)
        assert not set_up(dsn)
    with pytest.raises(ClusterError, match="update this machine"):
        require_set_up(dsn)
    assert not set_up(dsn), "an earlier version leaves the tables of a later one as they are"
    assert rows(dsn, "SELECT latest, least FROM caliber_protocol") == [{"latest": PROTOCOL + 1, "least": PROTOCOL + 1}]

    async def body() -> None:
        async with worker(dsn, Versions()) as ours, worker(dsn, Versions(protocol=PROTOCOL + 1)) as theirs:
            assert await take_all(ours) == []
            assert not await ours.has_jobs_left()
            assert (await ours.jobs_of_later_versions())["least"] == PROTOCOL + 1
            assert await take_all(theirs) == ["caliber"]

    asyncio.run(body())


@pytest.mark.slow
def test_tables_of_an_earlier_version_are_reported_and_updated(dsn: str) -> None:
    set_up(dsn)
    with connect(dsn) as connection:
        connection.execute("DROP TABLE caliber_protocol, caliber_workers")
        connection.execute("ALTER TABLE caliber_shards DROP COLUMN archive_schema")
        connection.execute(SHARD.replace(", archive_schema)", ")").replace(", %s)", ")"), ("a",))
    with pytest.raises(ClusterError, match="caliber cluster init"):
        require_set_up(dsn)
    assert set_up(dsn)
    require_set_up(dsn)
    assert rows(dsn, "SELECT site, archive_schema FROM caliber_shards") == [{"site": "a", "archive_schema": None}]


@pytest.mark.parametrize(
    ("latest", "least", "message"),
    [
        (PROTOCOL, LEAST_PROTOCOL, ""),
        (PROTOCOL + 1, PROTOCOL, ""),
        (PROTOCOL - 1, PROTOCOL - 1, "caliber cluster init"),
        (PROTOCOL + 2, PROTOCOL + 1, f"protocol {PROTOCOL + 1}; this version knows {PROTOCOL}"),
    ],
)
def test_versions_that_do_not_fit_are_reported(latest: int, least: int, message: str) -> None:
    if not message:
        require_protocol({"latest": latest, "least": least}, "PostgreSQL")
        return
    with pytest.raises(ClusterError, match=message):
        require_protocol({"latest": latest, "least": least}, "PostgreSQL")


OLDER_WORKER = f"""
from caliber_crawler.cluster import protocol

protocol.OWN = protocol.Versions(archive_schema={VERSION - 1})
"""
"""A module that makes a worker state what an earlier version would state."""


@pytest.mark.slow
def test_an_old_and_a_new_worker_share_one_queue(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "older_worker.py").write_text(OLDER_WORKER)
    with serve_press(tmp_path, 4, 3) as press, run_crew(dsn, press, tmp_path) as crew:
        old = {"CALIBER_SPIDERS": f"{MODULE} older_worker"}
        names = [paper.name for paper in press.papers]
        crew.enqueue()
        assert crew.start("anna", "", "--until-empty", **old).wait(240) == 0, "the sites have no shards yet"
        with connect(dsn) as connection:
            # What the old worker published has its schema; what the new one publishes then is later.
            connection.execute("UPDATE caliber_shards SET archive_schema = %s", (VERSION - 1,))
        crew.caliber("cluster", "enqueue", *names[:2], "--delay", 0)
        assert crew.start("boris", "", "--until-empty").wait(240) == 0
        assert rows(dsn, "SELECT archive_schema FROM caliber_shards ORDER BY site") == [
            {"archive_schema": schema} for schema in (VERSION, VERSION, VERSION - 1, VERSION - 1)
        ]
        crew.caliber("cluster", "enqueue", *names, "--delay", 0)
        before = {paper.name: len(crew.visits(paper)) for paper in press.papers}
        assert crew.start("carl", "", "--until-empty", **old).wait(240) == 3
        assert "2 jobs wait for a worker of a later version" in crew.log("carl")
        visited = {paper.name for paper in press.papers if len(crew.visits(paper)) > before[paper.name]}
        assert visited == {*names[2:]}
        assert crew.start("dora", "", "--until-empty").wait(240) == 0
        assert crew.is_done()
        assert_every_article_once(crew.collect(), press.papers)


QUEUED = """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
SELECT %(queue)s, %(task)s, CASE WHEN n = 1 THEN 'busy' ELSE n::text END, n::text,
  jsonb_build_object('site', n::text, 'shard', n::text) FROM generate_series(%(first)s::int, %(last)s::int) n"""


@pytest.mark.slow
def test_the_cost_of_taking_a_job_does_not_grow_with_the_queue(dsn: str) -> None:
    set_up(dsn)
    read = []
    with connect(dsn) as connection:
        connection.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
        connection.execute(
            """INSERT INTO procrastinate_jobs (queue_name, task_name, lock, args, status, worker_id)
            VALUES (%s, %s, 'busy', '{}', 'doing', 1)""",
            (QUEUE, TASK),
        )
        for first, last in ((1, 200), (201, 20_000)):
            connection.execute(QUEUED, {"queue": QUEUE, "task": TASK, "first": first, "last": last})
            connection.execute("ANALYZE procrastinate_jobs")
            for _ in range(2):  # the first one reads the catalogue
                values = {"queues": [QUEUE], "worker_id": 1, **Versions().as_values()}
                (row,) = connection.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {FETCH}", values).fetchall()
            (explained,) = row["QUERY PLAN"]
            assert explained["Plan"]["Actual Rows"] == 1
            read.append(explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"])
        taken = connection.execute("SELECT lock FROM procrastinate_jobs WHERE status = 'doing' ORDER BY id").fetchall()
    assert [row["lock"] for row in taken] == ["busy", "2", "3", "4", "5"]
    assert read[1] < read[0] + 20, read
