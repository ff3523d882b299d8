"""The schema as a sequence of migrations. Never change a released migration: add another one."""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlite_utils import Database, Migrations

from caliber_crawler.archive.core.checksums import EARLIER_COLUMN, PRIMARY_KEYS, checksum, without_triggers
from caliber_crawler.archive.core.earlier_terms import ARGUMENTS, COUNTS, METHODS, REASONS, SOURCES
from caliber_crawler.archive.core.earlier_urls import rename_urls
from caliber_crawler.archive.core.run_results import SET_RESULTS
from caliber_crawler.archive.core.schema_creation import MIGRATION_SET, statements

migrations = Migrations(MIGRATION_SET)


@migrations()
def m0001_first(db: Database) -> None:
    run_script(db, "m0001_first")


@migrations()
def m0002_proof(db: Database) -> None:
    run_script(db, "m0002_proof")
    db.execute(
        """UPDATE captures SET extractor = (SELECT extractor FROM versions WHERE id = captures.version_id)
        WHERE version_id IS NOT NULL"""
    )
    for table in PRIMARY_KEYS:
        add_checksums(db, table, EARLIER_COLUMN)


@migrations()
def m0003_counts(db: Database) -> None:
    run_script(db, "m0003_counts")


@migrations()
def m0004_terms(db: Database) -> None:
    """Rename columns, states and codes. A row with a wrong checksum keeps a wrong one, so that damage stays visible."""
    rename_methods(db)
    run_script(db, "m0004_terms")
    for table in ("problems", "frontier"):
        for old, new in REASONS.items():
            db.execute(f"UPDATE {table} SET reason = ? WHERE reason = ?", (new, old))
    rename_json(db, "runs", "counts", lambda counts: {COUNTS.get(name, name): count for name, count in counts.items()})
    rename_json(db, "runs", "arguments", rename_arguments)


@migrations()
def m0005_requested_urls(db: Database) -> None:
    """Add the URL to request, and rename rows whose URL has another normal form since."""
    run_script(db, "m0005_requested_urls")
    rename_urls(db)


@migrations()
def m0006_url_claims(db: Database) -> None:
    """Add the URLs that pages only claim."""
    run_script(db, "m0006_url_claims")


@migrations()
def m0007_site_facts(db: Database) -> None:
    """Add the facts that are learned about sites."""
    run_script(db, "m0007_site_facts")


@migrations()
def m0008_repetition(db: Database) -> None:
    """Repeat values that have no checksum in indexes, so that damage shows."""
    run_script(db, "m0008_repetition")


@migrations()
def m0009_copies(db: Database) -> None:
    """Add near-duplicates, excerpts, and articles of the same story in other languages."""
    run_script(db, "m0009_copies")


@migrations()
def m0010_views_at(db: Database) -> None:
    run_script(db, "m0010_views_at")


@migrations()
def m0011_codes(db: Database) -> None:
    """Add the codebook and the codes of articles."""
    run_script(db, "m0011_codes")


@migrations()
def m0012_alerts(db: Database) -> None:
    """Add alerts and their events."""
    run_script(db, "m0012_alerts")


@migrations()
def m0013_names(db: Database) -> None:
    """Add the names that texts mention, and quotations."""
    run_script(db, "m0013_names")


@migrations()
def m0014_exit_codes(db: Database) -> None:
    """Add the exit codes of runs."""
    run_script(db, "m0014_exit_codes")


@migrations()
def m0015_view_growth(db: Database) -> None:
    """Compute the growth of view counts with window functions."""
    run_script(db, "m0015_view_growth")


@migrations()
def m0016_site_reports(db: Database) -> None:
    """Add what each run added as columns, with the values of earlier runs, and indexes for reports about sites."""
    run_script(db, "m0016_site_reports")
    db.execute(f"{SET_RESULTS} WHERE outcome <> 'running'")


@migrations()
def m0017_merge_marks(db: Database) -> None:
    """Add how far other archives were merged."""
    run_script(db, "m0017_merge_marks")


@migrations()
def m0018_views_at(db: Database) -> None:
    """Look up the counts at an age by the article in any case."""
    run_script(db, "m0018_views_at")


@migrations()
def m0019_folded(db: Database) -> None:
    """Fold the letters of a text in less time."""
    run_script(db, "m0019_folded")
    (version,) = db.execute("PRAGMA schema_version").fetchone()
    db.execute(f"PRAGMA schema_version = {version + 1}")  # so that every connection reads the schema again


@migrations()
def m0020_cold_storage(db: Database) -> None:
    """Add where the pages in cold storage are."""
    run_script(db, "m0020_cold_storage")


@migrations()
def m0021_article_totals(db: Database) -> None:
    """Count the articles of each section, language and month."""
    run_script(db, "m0021_article_totals")


@migrations()
def m0022_cold_copies(db: Database) -> None:
    """Let a page be in several cold files, and count the pages in cold storage."""
    run_script(db, "m0022_cold_copies")


@migrations()
def m0023_scopes(db: Database) -> None:
    """Index the crawls that were not limited to what was due."""
    run_script(db, "m0023_scopes")


@migrations()
def m0024_visits(db: Database) -> None:
    """Index the frontier by the time of visits, for incremental merges."""
    run_script(db, "m0024_visits")


@migrations()
def m0025_changes(db: Database) -> None:
    """Index articles by their last change, and add the words of the full-text index."""
    run_script(db, "m0025_changes")


@migrations()
def m0026_view_growth(db: Database) -> None:
    """Compute the growth of view counts in the order of their key, without their articles."""
    run_script(db, "m0026_view_growth")


def rename_methods(db: Database) -> None:
    """Rename the extraction methods in versions, before the column is renamed."""
    cursor = db.execute("SELECT * FROM versions")
    names = [column[0] for column in cursor.description]
    with without_triggers(db, "versions"):
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            methods = {field: METHODS.get(method, method) for field, method in json.loads(row["rungs"]).items()}
            renamed = row | {
                "rungs": json.dumps(methods, ensure_ascii=False),
                "layout": METHODS.get(row["layout"], row["layout"]),
            }
            if renamed == row:
                continue
            if row[EARLIER_COLUMN] == checksum("versions", row):
                renamed[EARLIER_COLUMN] = checksum("versions", renamed)
            db.execute(
                f"""UPDATE versions SET rungs = :rungs, layout = :layout, {EARLIER_COLUMN} = :{EARLIER_COLUMN}
                WHERE id = :id""",
                renamed,
            )


def rename_json(
    db: Database, table: str, column: str, rename: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    """Rewrite the JSON objects of a column."""
    for id, text in db.execute(f"SELECT id, {column} FROM {table}").fetchall():
        values = json.loads(text)
        if (renamed := rename(values)) != values:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (json.dumps(renamed, ensure_ascii=False), id))


def rename_arguments(arguments: dict[str, object]) -> dict[str, object]:
    """A run's arguments under their current names; comparisons with earlier runs need them."""
    renamed = {ARGUMENTS.get(name, name): value for name, value in arguments.items()}
    sources = renamed.get("sources")
    if isinstance(sources, list):
        renamed["sources"] = [SOURCES.get(source, source) for source in sources]
    return renamed


def run_script(db: Database, step: str) -> None:
    """Run the SQL of a migration inside the transaction that records it."""
    for statement in statements(step):
        db.execute(statement)


def add_checksums(db: Database, table: str, column: str) -> None:
    """Store the checksum of every row of a table in its current state."""
    key = " AND ".join(f"{name} = :{name}" for name in PRIMARY_KEYS[table])
    with without_triggers(db, table):
        cursor = db.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        for values in cursor:
            row = dict(zip(names, values, strict=True))
            db.execute(f"UPDATE {table} SET {column} = :{column} WHERE {key}", row | {column: checksum(table, row)})
