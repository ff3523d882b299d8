"""Site definitions in PostgreSQL: stored, listed, and used by a running worker from its next job on."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.cluster.database import RetryingConnector, set_up
from caliber_crawler.cluster.definitions import TEXTS, StoredDefinitions, store_definitions
from caliber_crawler.cluster.work import HostLocks, Work
from caliber_crawler.commands.cli import main
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.known_sites import project_settings
from caliber_crawler.site import Site
from caliber_crawler.site.definition_digest import definition_digest
from caliber_crawler.site.toml_writer import definition_text
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.cluster.crew import run_crew
from tests.cluster.postgres import rows
from tests.cluster.press import Press, serve_press

pytestmark = pytest.mark.slow


def daily(**facts: str) -> Site:
    return replace(CaliberSpider.site, **{"name": "daily", "base_url": "https://daily.example", "hosts": ()} | facts)


def invoke(dsn: str, *words: object) -> Result:
    return CliRunner().invoke(main, ["cluster", *map(str, words)], env={"CALIBER_DSN": dsn})


def write(folder: Path, site: Site, file: str = "") -> Path:
    path = folder / (file or f"{site.name}.toml")
    path.write_text(definition_text(site), "utf-8")
    return path


def test_definitions_are_stored_listed_and_removed(dsn: str, tmp_path: Path) -> None:
    path = write(tmp_path, daily())
    assert invoke(dsn, "define", path).exit_code == 17  # not set up
    assert invoke(dsn, "init").exit_code == 0
    assert "No definitions" in invoke(dsn, "define").output
    assert "Changed: daily." in invoke(dsn, "define", path, "--by", "ada").output
    assert invoke(dsn, "define", path, "--by", "bob").output == "Unchanged: daily.\n"
    (listed,) = json.loads(invoke(dsn, "define", "--json").output)
    assert (listed["name"], listed["updated_by"]) == ("daily", "ada")
    assert json.loads(invoke(dsn, "enqueue", "daily", "--json").output)["queued"] == ["daily"]
    assert json.loads(invoke(dsn, "define", "--remove", "daily", "--remove", "weekly", "--json").output) == {
        "changed": [],
        "unchanged": [],
        "removed": ["daily"],
        "unknown": ["weekly"],
    }
    assert "Unknown site 'daily'" in invoke(dsn, "enqueue", "daily").output


def test_one_wrong_file_stores_none(dsn: str, tmp_path: Path) -> None:
    set_up(dsn)
    right, wrong = write(tmp_path, daily()), tmp_path / "wrong.toml"
    wrong.write_text('name = "wrong"\ntitel = "x"\n', "utf-8")
    for files, message in (
        ((right, wrong), "wrong.toml, line 2: titel is not known; the nearest valid one is title"),
        ((right, write(tmp_path, daily(), "again.toml")), "defines the site 'daily', as does"),
        ((right, tmp_path / "missing.toml"), "Cannot read the site definition"),
    ):
        result = invoke(dsn, "define", *files)
        assert result.exit_code == 4
        assert message in result.output
        assert len(result.output.splitlines()) == 1
    assert rows(dsn, "SELECT * FROM caliber_definitions") == []


def test_only_changed_definitions_are_read(dsn: str) -> None:
    set_up(dsn)

    class Counting(RetryingConnector):
        read: list[str] = []  # noqa: RUF012

        async def execute_query_all_async(self, query, **arguments):  # type: ignore[no-untyped-def]
            self.read += arguments["names"] if query == TEXTS else []
            return await super().execute_query_all_async(query, **arguments)

    async def run() -> None:
        connector = Counting(conninfo=dsn, min_size=1, max_size=1)
        await connector.open_async()
        try:
            stored = StoredDefinitions(connector)
            assert await stored.read_changes() == {}
            store_definitions(dsn, {"a": "1", "b": "2"}, [], "ada")
            assert await stored.read_changes() == {"a": "1", "b": "2"}
            assert await stored.read_changes() is None
            store_definitions(dsn, {"a": "1", "b": "3"}, [], "ada")
            assert await stored.read_changes() == {"a": "1", "b": "3"}
            store_definitions(dsn, {}, ["a"], "ada")
            assert await stored.read_changes() == {"b": "3"}
        finally:
            await connector.close_async()
        assert sorted(connector.read) == ["a", "b", "b"]

    asyncio.run(run())


def test_locks_follow_the_definitions() -> None:
    settings = project_settings(STORED_DEFINITIONS={"daily": definition_text(daily())})
    locks = HostLocks(settings)
    assert locks.updated(settings) is locks
    job = Work(site="daily", options=CrawlOptions())
    assert locks.of(job) == "daily.example"
    shared = replace(daily(), hosts=("a.example",))
    settings.set("STORED_DEFINITIONS", {"daily": definition_text(shared)}, priority="cmdline")
    assert locks.updated(settings).of(job) == "a.example"


@dataclass(frozen=True)
class UndefinedPress(Press):
    """Newspapers whose definitions no module contains."""

    @property
    def variables(self) -> dict[str, str]:
        return {}


def test_a_running_worker_uses_a_changed_definition_in_its_next_job(dsn: str, tmp_path: Path) -> None:
    with serve_press(tmp_path, 1, 6) as press:
        paper = press.papers[0]
        first = daily(name=paper.name, base_url=paper.base_url)
        second = replace(first, hosts=("127.0.0.1:9",))  # the lock of its jobs is another one
        third = replace(second, title="Another title")
        with run_crew(dsn, UndefinedPress(press.papers, press.folder), tmp_path) as crew:
            set_up(dsn)
            for site in (first, second, third):
                if site is second:
                    (job,) = rows(dsn, "SELECT lock FROM procrastinate_jobs")
                    assert job["lock"] == paper.host
                store_definitions(dsn, {site.name: definition_text(site)}, [], "ada")
                if site is second:
                    crew.start("anna")
                else:
                    assert crew.caliber("cluster", "enqueue", paper.name, "--delay", 0).exit_code == 0
                if site is not first:
                    crew.wait_for(crew.is_done)
            collected = crew.collect()
        assert crew.log("anna").count("its site has other hosts by now; it is queued again") == 1
    query = "SELECT software FROM runs WHERE command = 'crawl' ORDER BY id"
    with closing(sqlite3.connect(collected)) as archive:
        used = [json.loads(software)["site_definition"] for (software,) in archive.execute(query)]
    assert used == [definition_digest(second), definition_digest(third)]
