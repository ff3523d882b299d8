"""URLs whose normal form changed: archives before schema 5 have the earlier form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from caliber_crawler.archive.core.checksums import PRIMARY_KEYS, checksum, without_triggers
from caliber_crawler.site.urls import normal_url

if TYPE_CHECKING:
    from sqlite_utils import Database

MAY_DIFFER = """(url GLOB 'http*[?(]*' OR url GLOB 'http*/.*' OR url GLOB 'http*:[0-9]*' OR url GLOB 'http*.[/:]*')
AND instr(url, '#') = 0"""
"""Condition for URLs whose normal form may have changed; a fragment marks an entry that is not a URL of the site."""


def earlier_form(url: str) -> str:
    """The normal form that a URL had before schema 5: names and values of its query were escaped otherwise."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=urlencode(parse_qsl(parts.query, keep_blank_values=True))))


def rename_urls(db: Database) -> None:
    """Give the rows of an archive before schema 5 the normal forms of today, so that its articles are found again.

    A row stays as it is if another one has the new URL already. A row with a wrong checksum keeps a wrong one.
    """
    bases = dict(db.execute("SELECT site, url FROM sites").fetchall())
    frontier = "SELECT url, site FROM frontier WHERE kind = 'article' OR page_number = 1"
    for old, new in _renamed(db, frontier, bases).items():
        db.execute(
            """UPDATE frontier SET url = :new, request_url = :old WHERE url = :old
            AND NOT EXISTS (SELECT 1 FROM frontier WHERE url = :new)""",
            {"old": old, "new": new},
        )
        db.execute("UPDATE frontier SET discovered_on = ? WHERE discovered_on = ?", (new, old))
    of_articles = "SELECT u.url, a.site FROM article_urls u JOIN articles a ON a.id = u.article_id"
    article_urls = _renamed(db, of_articles, bases)
    for table in ("article_urls", "links"):
        _rename_rows(db, table, article_urls)
    of_problems = "SELECT p.url, r.site FROM problems p JOIN runs r ON r.id = p.run_id WHERE p.url IS NOT NULL"
    for table, rows in (("articles", "SELECT url, site FROM articles"), ("problems", of_problems)):
        for old, new in _renamed(db, rows, bases).items():
            db.execute(f"UPDATE {table} SET url = ? WHERE url = ?", (new, old))
    left = {url for (url,) in db.execute(f"SELECT url FROM frontier WHERE {MAY_DIFFER}").fetchall()}
    captures = _renamed(db, "SELECT url, site FROM captures WHERE kind = 'article'", bases)
    _rename_rows(db, "captures", {old: new for old, new in captures.items() if old not in left})


def _renamed(db: Database, rows: str, bases: dict[str, str]) -> dict[str, str]:
    """The new normal form of each URL of a query that has another one."""
    found = {}
    for url, site in db.execute(f"SELECT DISTINCT url, site FROM ({rows}) WHERE {MAY_DIFFER}").fetchall():
        parts = urlsplit(url)
        base_url = bases.get(site, f"{parts.scheme}://{parts.netloc}")
        try:
            new = normal_url(url, base_url, slash=parts.path.endswith("/") and parts.path != "/")
        except ValueError:
            continue
        if new != url:
            found[url] = new
    return found


def _rename_rows(db: Database, table: str, renamed: dict[str, str]) -> None:
    """Rename the URLs of a table with checksums."""
    if not renamed:
        return
    key = " AND ".join(f"{name} = :key_{name}" for name in PRIMARY_KEYS[table])
    with without_triggers(db, table):
        for old, new in renamed.items():
            cursor = db.execute(f"SELECT * FROM {table} WHERE url = ?", (old,))
            names = [column[0] for column in cursor.description]
            for values in cursor.fetchall():
                row: dict[str, Any] = dict(zip(names, values, strict=True))
                changed = row | {"url": new}
                if table == "captures":
                    changed["final_url"] = row["final_url"] or old
                if row["checksum"] == checksum(table, row):
                    changed["checksum"] = checksum(table, changed)
                assignments = ", ".join(f"{name} = :{name}" for name in changed if changed[name] != row[name])
                old_key = {f"key_{name}": row[name] for name in PRIMARY_KEYS[table]}
                db.execute(f"UPDATE OR IGNORE {table} SET {assignments} WHERE {key}", changed | old_key)
