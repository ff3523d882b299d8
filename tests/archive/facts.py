"""Every number of an archive that no migration may change, under names of this file's own.

Names of columns, states and reason codes may change with a schema. So they are not keys here: states and reasons are
compared as counts without names, and columns that were renamed since schema 3 are not compared.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from warcio.archiveiterator import ArchiveIterator

from caliber_crawler.archive import Archive
from caliber_crawler.commands.cli import main

TABLES = (
    *("runs", "sites", "sections", "articles", "article_urls", "dictionaries", "bodies", "captures", "versions"),
    *("view_counts", "authors", "article_authors", "images", "links", "frontier", "hosts", "field_coverage"),
    *("problems", "takedowns", "takedown_keys"),
)
COUNTED = {
    "frontier by state": "SELECT count(*) FROM frontier GROUP BY state",
    "frontier by kind": "SELECT count(*) FROM frontier GROUP BY kind",
    "frontier by state and kind": "SELECT count(*) FROM frontier GROUP BY state, kind",
    "frontier by state, due or not": "SELECT count(*) FROM frontier GROUP BY state, due_at IS NULL",
    "frontier by article": "SELECT count(*) FROM frontier WHERE article_id IS NOT NULL GROUP BY article_id",
    "problems by reason": "SELECT count(*) FROM problems GROUP BY reason",
    "problems by run": "SELECT count(*) FROM problems GROUP BY run_id, fatal",
    "runs by outcome": "SELECT count(*) FROM runs GROUP BY outcome",
    "captures by kind": "SELECT count(*) FROM captures GROUP BY kind",
    "captures by status": "SELECT count(*) FROM captures GROUP BY status",
    "captures by media type": "SELECT count(*) FROM captures GROUP BY media_type",
    "captures with reservations": "SELECT count(*) FROM captures WHERE opt_outs IS NOT NULL GROUP BY opt_outs",
    "versions by cause": "SELECT count(*) FROM versions GROUP BY cause",
    "article URLs by kind": "SELECT count(*) FROM article_urls GROUP BY kind",
}
"""Counts of values that may be renamed, as sorted numbers."""
SUMS = {
    "views": "SELECT sum(views), max(views), min(observed_at), max(observed_at) FROM view_counts",
    "view growth": "SELECT count(*), sum(gained), round(sum(hours), 2) FROM view_growth",
    "edits": "SELECT count(*), sum(headline_changed), sum(body_changed), sum(words_added) FROM edits",
    "coverage by day": "SELECT count(*), sum(articles), sum(words), sum(views), sum(with_versions)"
    " FROM coverage_by_day",
    "run health": "SELECT count(*), sum(captures), sum(answered), sum(failures), sum(versions), sum(problems),"
    " sum(refused) FROM run_health",
    "article texts": "SELECT count(*), sum(word_count), sum(views), sum(length(body)) FROM article_texts",
    "bodies": "SELECT count(*), sum(size), sum(stored) FROM bodies",
    "totals": "SELECT captures, answered, unanswered, bodies, served, stored, versions, view_counts FROM totals",
    "found by words": "SELECT count(*) FROM versions_fts WHERE versions_fts MATCH 'baku OR баку'",
    "dates": "SELECT min(fetched_at), max(fetched_at), (SELECT max(finished_at) FROM runs) FROM captures",
    "taken down": "SELECT sum(versions), sum(captures), max(requested_at) FROM takedowns",
}
ROWS = {
    "articles": "SELECT id, url, language, section, headline, views, version_count, word_count, first_seen_at,"
    " last_seen_at, gone_at, duplicate_of, published_at, published_local FROM articles ORDER BY id",
    "versions": "SELECT id, article_id, number, content_digest, seen_from, seen_until, capture_id, word_count"
    " FROM versions ORDER BY id",
}
"""Rows that are recorded completely."""
DIGESTS = {
    "texts": "SELECT id, headline, subtitle, body, body_markdown, authors, signature FROM versions ORDER BY id",
    "bodies": "SELECT digest, size FROM bodies ORDER BY digest",
    "captures": "SELECT id, run_id, site, url, fetched_at, status, final_url, redirects, headers, size, body_digest,"
    " article_id, version_id FROM captures ORDER BY id",
    "view counts": "SELECT article_id, observed_at, views, shown, capture_id FROM view_counts ORDER BY 1, 2, 3",
    "article URLs": "SELECT url, article_id, language, post_number, slug, first_seen_at FROM article_urls ORDER BY url",
    "images": "SELECT article_id, url, position, alt, first_seen_at, last_seen_at FROM images ORDER BY 1, 2",
    "links": "SELECT article_id, url, position, host, text, first_seen_at, last_seen_at FROM links ORDER BY 1, 2",
    "authors": "SELECT a.article_id, p.name, a.position FROM article_authors a JOIN authors p ON p.id = a.author_id"
    " ORDER BY 1, 3",
    "sections": "SELECT site, language, section, label, first_seen_at FROM sections ORDER BY 1, 2, 3",
    "frontier": "SELECT id, url, site, language, section, due_at, discovered_at, visited_at, last_status, failures,"
    " etag, last_modified, article_id FROM frontier ORDER BY id",
    "hosts": "SELECT host, last_request_at, robots_at, robots_status, robots FROM hosts ORDER BY host",
    "runs": "SELECT id, site, started_at, heartbeat_at, finished_at, user_agent FROM runs ORDER BY id",
    "problems": "SELECT id, run_id, noted_at, fatal, url, capture_id FROM problems ORDER BY id",
    "takedowns": "SELECT site, language, reason, requested_at, carried_out_at, versions, captures FROM takedowns",
    "takedown keys": "SELECT digest, takedown_id FROM takedown_keys ORDER BY digest",
}
"""Rows that are recorded as a digest. Their text must not change by a byte."""
EXPORTED = ("url", "language", "headline", "body", "published_at", "views", "authors", "first_seen_at", "gone_at")
"""Fields of an exported row."""


def facts(path: Path, folder: Path) -> dict[str, Any]:
    """The numbers of an archive. Its exports are written to ``folder``."""
    with Archive.open(path) as archive:

        def rows(sql: str) -> list[list[Any]]:
            return [list(row) for row in archive.db.execute(sql).fetchall()]

        return {
            "rows": {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES},
            "counts": {name: sorted(row[0] for row in rows(sql)) for name, sql in COUNTED.items()},
            "sums": {name: rows(sql)[0] for name, sql in SUMS.items()},
            **{name: rows(sql) for name, sql in ROWS.items()},
            "digests": {name: digest(rows(sql)) for name, sql in DIGESTS.items()},
            "status": status(archive),
            "exports": exports(path, folder),
        }


def digest(rows: Iterable[object]) -> str:
    """One digest of all rows, in order."""
    return hashlib.sha256("\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()).hexdigest()


def status(archive: Archive) -> dict[str, Any]:
    """The counts of ``caliber status``, without those that depend on the clock, the file or the machine."""
    report = archive.status()
    return {
        **{name: report[name] for name in ("articles", "versions", "edits", "view_counts", "gone")},
        "articles of each section": [
            [part["language"], part["section"], part["articles"]] for part in report["editions"]
        ],
        "captures": sorted(value for value in report["captures"].values() if isinstance(value, int)),
        "bodies": sorted(report["bodies"].values()),
        "problems": sorted(row["total"] for row in report["problems"]["all"]),
    }


def in_words(value: Any) -> Any:
    """A value of an export; names of authors were one text before they became a list."""
    return ("; ".join(value) or None) if isinstance(value, list) else value


def exports(path: Path, folder: Path) -> dict[str, Any]:
    """Digests of the exports: articles, WARC records (without their random IDs), and the index of a WACZ file."""
    for format in ("jsonl", "warc", "wacz"):
        name = "warc.gz" if format == "warc" else format
        arguments = ["export", format, "--archive", str(path), "--include-opted-out", "-o", str(folder / f"a.{name}")]
        done = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    articles = [json.loads(line) for line in (folder / "a.jsonl").read_text("utf-8").splitlines()]
    with (folder / "a.warc.gz").open("rb") as file:
        records = [
            [record.rec_headers.get_header(name) for name in ("WARC-Target-URI", "WARC-Date")]
            + [record.rec_type, record.rec_headers.get_header("WARC-Payload-Digest")]
            for record in ArchiveIterator(file)
            if record.rec_type != "warcinfo"
        ]
    with zipfile.ZipFile(folder / "a.wacz") as wacz:
        (index,) = (
            name for name in wacz.namelist() if name.startswith("indexes/") and name.endswith((".cdx", ".gz", ".cdxj"))
        )
        lines = wacz.read(index)
    lines = gzip.decompress(lines) if index.endswith(".gz") else lines
    keys = [line.split(" ", 2)[:2] for line in lines.decode().splitlines() if not line.startswith("!")]
    return {
        "articles": [len(articles), digest([in_words(article[name]) for name in EXPORTED] for article in articles)],
        "WARC records": [len(records), digest(records)],
        "CDXJ keys": [len(keys), digest(keys)],
    }
