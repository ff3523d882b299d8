"""Shards of real archives on a storage, published without workers."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.cluster.binding import bind_storage
from caliber_crawler.cluster.database import connect, set_up
from caliber_crawler.cluster.page_changes import page_digests, write_increment
from caliber_crawler.cluster.shard_file import schema_of
from caliber_crawler.cluster.storage import Storage, digest_of
from caliber_crawler.commands.cluster import cluster
from tests.archive.newsroom import Newsroom, minutes, start_run

SHARD = """INSERT INTO caliber_shards (site, generation, path, size, digest, outcome, counts, archive_schema)
VALUES (%(site)s, %(generation)s, %(path)s, %(size)s, %(digest)s, 'finished', '{"new": 1}', %(schema)s)
ON CONFLICT (site) DO UPDATE SET generation = excluded.generation, path = excluded.path, size = excluded.size,
digest = excluded.digest"""
PART = """INSERT INTO caliber_shard_parts (site, generation, base, path, size, digest)
VALUES (%(site)s, %(generation)s, %(base)s, %(path)s, %(size)s, %(digest)s)"""


@dataclass
class Shelf:
    """A cluster's database and storage, with the archives of which the shards are copies."""

    dsn: str
    folder: Path
    storage: Storage = field(init=False)
    digests: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_up(self.dsn)
        self.storage = Storage(str(self.folder / "shards"))
        bind_storage(self.dsn, self.storage)

    def archive(self, site: str) -> Path:
        return self.folder / f"{site}.db"

    def write(self, site: str, generation: int) -> Path:
        """Add an article to the archive of a site: its URL has the generation."""
        with Archive.open(self.archive(site), mode="write") as archive:
            url = f"https://{site}.example/post/{1000 + generation}"
            Newsroom(archive, start_run(archive)).save(
                minutes(generation), site=site, article_urls=(url,), headline=f"Headline {generation} of {site}"
            )
        return self.archive(site)

    def publish(self, site: str, generation: int, *, whole: bool = True) -> str:
        """Add an article and publish the archive or what changed; return the file's name on the storage."""
        path = self.write(site, generation)
        part = path
        if not whole:
            part = path.with_suffix(".increment")
            part.unlink(missing_ok=True)
            write_increment(path, self.digests[site], part)
        self.digests[site] = page_digests(path)
        return self.record(site, generation, part, None if whole else generation - 1, schema_of(path))

    def record(self, site: str, generation: int, part: Path, base: int | None, schema: int | None) -> str:
        """Store a file as a part of a shard, and make it the current one."""
        name = self.storage.put(part, site, generation, ".db" if base is None else ".increment")
        row = {"site": site, "generation": generation, "path": name, "size": part.stat().st_size, "base": base}
        row |= {"digest": digest_of(part), "schema": schema}
        with connect(self.dsn) as connection:
            connection.execute(SHARD, row)
            connection.execute(PART, row)
        return name

    def file(self, name: str) -> Path:
        return self.folder / "shards" / name

    def files(self, site: str) -> list[str]:
        return sorted(f"{site}/{path.name}" for path in (self.folder / "shards" / site).iterdir())

    def run(self, *words: object) -> Result:
        variables = {"CALIBER_DSN": self.dsn, "CALIBER_SHARDS": str(self.folder / "shards")}
        return CliRunner().invoke(cluster, [*map(str, words)], env=variables)

    def run_json(self, *words: object) -> Any:
        result = self.run(*words, "--json")
        assert result.exit_code in (0, 3), result.output
        return json.loads(result.stdout)

    def urls(self, site: str) -> list[str]:
        """The URLs of the articles in the current shard of a site, whose archive passes its checks."""
        from caliber_crawler.cluster.shards import current_shards

        (shard,) = [shard for shard in current_shards(self.dsn) if shard.site == site]
        path = self.folder / "fetched.db"
        self.storage.fetch(shard, path)
        with Archive.open(path) as archive:
            assert [found for found in archive.verify() if found is not None] == []
        with closing(sqlite3.connect(path)) as connection:
            return [url for (url,) in connection.execute("SELECT url FROM articles ORDER BY url")]
