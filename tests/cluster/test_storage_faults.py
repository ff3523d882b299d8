"""Faults of the storage are weather: two workers, up to forty sites, and nothing is lost or crawled twice.

The workers' back-off is a second instead of the minute that is the default, and all their pauses are multiples of it.
So a second of a fault stands for a minute.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.cluster.binding import bind_storage
from caliber_crawler.cluster.shards import current_shards
from caliber_crawler.cluster.storage import Storage
from tests.alerts.receivers import webhook
from tests.archive.test_migrate import first_schema
from tests.cluster.crew import BACK_OFF, Crew, assert_every_article_once, run_crew
from tests.cluster.object_store import BUCKET, run_object_store
from tests.cluster.postgres import Postgres, rows
from tests.cluster.press import serve_press
from tests.cluster.shelf import Shelf
from tests.conftest import AT
from tests.small_disk import small_disk_at

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SITES, ARTICLES = 40, 3
FEW_SITES = 20
"""More than two workers crawl at a time."""
REDESIGNED, DAMAGED, EARLIER = ("paper-00", "paper-01", "paper-02"), "paper-03", "paper-04"
DISK = 96
"""Megabytes."""
FAULT = 5 * BACK_OFF
"""Seconds that a storage fails from the first error on: five minutes with the default back-off. Publication is tried
for four minutes, then jobs fail and are retried."""
STORAGE = "shard storage"
ONE_FAILURE = [("failed", 19), ("healthy", 0)]
"""Two workers may send these messages at the same time."""


def states(payloads: list[Any]) -> dict[str, list[tuple[str, int]]]:
    """The states of which each site's messages report, in order. A message is about one site, or about several."""
    found: dict[str, list[tuple[str, int]]] = {}
    for account in (account for payload in payloads for account in payload.get("sites", [payload])):
        found.setdefault(account["site"], []).append((account["state"], account["exit_code"]))
    return found


def storage_failed(crew: Crew) -> bool:
    query = f"SELECT 1 AS one FROM caliber_states WHERE site = '{STORAGE}' AND state = 'failed'"
    return rows(crew.dsn, query) != []


def fill(filler: Path) -> None:
    """Fill a disk to the last page: on a disk that is nearly full, small shards would still be published."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(64 * 1024)):
            pass


def wait_out_the_fault(crew: Crew, error: str) -> None:
    """Wait until the storage has failed for a while, and this is recorded; both workers have met the error."""
    crew.wait_for(lambda: all(error in crew.log(name) for name in ("anna", "boris")))
    since = time.monotonic()
    crew.wait_for(lambda: storage_failed(crew) and time.monotonic() - since >= FAULT)


def assert_no_page_was_fetched_twice(crew: Crew) -> None:
    for paper in crew.press.papers:
        posts = Counter(request["path"] for request in paper.requests() if "/post/" in request["path"])
        assert max(posts.values()) == 1, (paper.name, posts)


def test_forty_sites_survive_a_full_disk_a_restart_a_damaged_and_an_earlier_shard_and_redesigns(
    dsn: str, postgres: Postgres, tmp_path: Path
) -> None:
    with (
        serve_press(tmp_path, SITES, ARTICLES) as press,
        small_disk_at(tmp_path / "shards", DISK) as disk,
        webhook() as received,
        run_crew(dsn, press, tmp_path) as crew,
    ):
        notify = ("--notify", received.url)
        crew.enqueue()
        bind_storage(dsn, Storage(str(disk)))
        filler = disk / "filler"
        fill(filler)
        workers = [crew.start(name, "", *notify) for name in ("anna", "boris")]
        crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
        postgres.stop()
        postgres.start()
        wait_out_the_fault(crew, "No space left on device")
        filler.unlink()
        crew.wait_for(lambda: crew.is_done() and not storage_failed(crew))
        assert [worker.poll() for worker in workers] == [None, None]
        assert crew.handovers() == {}
        crew.stop()
        assert [worker.returncode for worker in workers] == [0, 0]
        assert "nothing is lost" in crew.log("anna") + crew.log("boris")
        first = states(received.payloads)
        assert sorted(first.pop(STORAGE)) == ONE_FAILURE
        assert first == {paper.name: [("healthy", 0)] for paper in press.papers}
        assert_no_page_was_fetched_twice(crew)
        assert list(disk.rglob("*.part")) == []
        assert [*(tmp_path / "scratch").rglob("*.db")] == [], "every result was published"
        received.payloads.clear()

        for paper in press.papers:
            paper.site.renamed = (b"float_block", b"teaser_block") if paper.name in REDESIGNED else None
        spoil_shards(dsn, tmp_path)
        crew.caliber("cluster", "enqueue", *(paper.name for paper in press.papers), "--delay", 0)
        workers = [crew.start(name, "", *notify, "--until-empty", "--back-off", 3600) for name in ("anna", "boris")]
        codes = {worker.wait(240) for worker in workers}
        assert codes <= {0, 3}
        assert 3 in codes
        assert states(received.payloads) == {
            **{name: [("alarm", 3)] for name in REDESIGNED},
            DAMAGED: [("failed", 19)],
        }
        schemas = rows(dsn, f"SELECT archive_schema FROM caliber_shards WHERE site = '{EARLIER}'")
        assert schemas == [{"archive_schema": VERSION}]
        checked = crew.caliber("cluster", "check", "--json")
        assert checked.exit_code == 3
        assert {(each["problem"], each["site"]) for each in checked.json["findings"]} == {("damaged", DAMAGED)}
        partly = crew.caliber("cluster", "collect", "--archive", tmp_path / "partly.db", "--json")
        assert (partly.exit_code, len(partly.json)) == (3, SITES - 1)
        assert partly.stderr.startswith(f"The shard of {DAMAGED} was not collected: ")

        assert crew.caliber("cluster", "restore", DAMAGED).exit_code == 0
        acknowledged, *others = REDESIGNED
        assert crew.caliber("cluster", "acknowledge", acknowledged, "--note", "a new layout").exit_code == 0
        received.payloads.clear()
        crew.caliber("cluster", "enqueue", DAMAGED, *REDESIGNED, "--delay", 0)
        assert crew.start("clara", "", *notify, "--until-empty").wait(240) == 3, "two redesigns last"
        assert states(received.payloads) == {DAMAGED: [("healthy", 0)], acknowledged: [("healthy", 0)]}
        unhealthy = crew.caliber("cluster", "status", "--unhealthy", "--json")
        assert [site["site"] for site in unhealthy.json["sites"]] == others
        assert_every_article_once(crew.collect(), press.papers)


def spoil_shards(dsn: str, folder: Path) -> None:
    """Damage the last file of one shard, and replace another shard by one of the first schema."""
    shelf = Shelf(dsn, folder)
    shards = {shard.site: shard for shard in current_shards(dsn)}
    copy = folder / "copy.db"
    for site in (DAMAGED, EARLIER):
        shelf.storage.fetch(shards[site], copy)
        part = copy if site == DAMAGED else first_schema(copy, folder / "earlier.db")
        schema = VERSION if site == DAMAGED else 1
        name = shelf.record(site, shards[site].generation + 1, part, None, schema)
        if site == DAMAGED:
            stored = shelf.file(name)
            stored.write_bytes(stored.read_bytes()[:-100] + bytes(100))


def test_an_object_store_that_fails_for_a_while_loses_nothing(dsn: str, tmp_path: Path) -> None:
    with (
        run_object_store() as store,
        serve_press(tmp_path, FEW_SITES, ARTICLES) as press,
        webhook() as received,
        run_crew(dsn, press, tmp_path, {**store.variables, "CALIBER_SHARDS": f"s3://{BUCKET}/shards"}) as crew,
    ):
        crew.enqueue()
        store.stop()
        refused = crew.start("anna", "")
        assert refused.wait(120) == 19, "a worker that cannot reach the storage at its start ends"
        assert "Cannot read the storage s3://" in crew.log("anna")
        store.start()
        crew.start("anna", "", "--notify", received.url)
        crew.start("boris", "", "--notify", received.url)
        crew.wait_for(lambda: crew.is_in_the_middle(ARTICLES))
        store.stop()
        wait_out_the_fault(crew, "s3://")
        unwanted = next(iter(press.papers[-1].site.truth(AT)))
        refused_takedown = crew.caliber("cluster", "takedown", unwanted["url"], "--reason", "asked for")
        assert refused_takedown.exit_code == 19
        assert "Takedown 1 is recorded; the next job of each site carries it out." in refused_takedown.stderr
        store.start()
        crew.wait_for(lambda: crew.is_done() and not storage_failed(crew))
        crew.stop()
        found = states(received.payloads)
        assert sorted(found.pop(STORAGE)) == ONE_FAILURE
        assert found == {paper.name: [("healthy", 0)] for paper in press.papers}
        assert_no_page_was_fetched_twice(crew)
        assert crew.caliber("cluster", "check").exit_code == 0
        archive = crew.collect()
        assert_every_article_once(archive, press.papers[:-1], others=[press.papers[-1].name])
        with closing(sqlite3.connect(archive)) as connection:
            slugs = connection.execute("SELECT slug FROM articles WHERE site = ?", (press.papers[-1].name,)).fetchall()
        assert {slug for (slug,) in slugs} == press.papers[-1].truth() - {unwanted["slug"]}
