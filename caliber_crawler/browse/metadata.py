"""Datasette metadata of an archive: titles, descriptions, facets and sort order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from caliber_crawler import __version__
from caliber_crawler.browse.detection import Tables, archives
from caliber_crawler.browse.pages import Context, url_of
from caliber_crawler.browse.public import closed, is_public

if TYPE_CHECKING:
    from datasette.app import Datasette

TITLE = "News archive"

HOME = Markup(
    '<p><a href="{home}">News archive {name}</a>: latest articles, edits, most viewed articles and search.</p>'
)

WELCOME = Markup(
    "<p>All captures, versions and view counts of the archive. "
    'Start with <a href="{here}/articles">articles</a>: search them, filter them by section or month, open one. '
    'For analysis, <a href="{here}/article_texts">article_texts</a> has one row per article with its text; '
    '<a href="{here}/edits">edits</a> has the changes after publication; '
    '<a href="{here}/view_growth">view_growth</a> has the growth of the view counts. '
    'The <a href="{here}/-/queries">canned queries</a> answer common questions. '
    "Times are in UTC unless a column description states otherwise.</p>"
)


def metadata_of(datasette: Datasette, *, brief: bool = False) -> Context:
    """Return Datasette's metadata for all served archives; empty if there are none.

    Each call makes a new dictionary, because Datasette merges the user's metadata into it. ``brief``: without
    descriptions of columns and queries, for permissions and facets. Datasette copies them for each check of a
    permission, of which a page needs dozens.
    """
    databases = {name: _of_database(datasette, name, tables, brief=brief) for name, tables in archives(datasette)}
    if not databases:
        return {}
    home = Markup("").join(HOME.format(home=url_of(datasette, name, "home"), name=name) for name in databases)
    about = f"made with caliber_crawler {__version__}"
    return {"title": TITLE, "description_html": home, "about": about, "databases": databases}


def _of_database(datasette: Datasette, name: str, tables: Tables, *, brief: bool) -> Context:
    if brief:
        short = {table: {**of_table, "columns": {}} for table, of_table in tables.items()}
        return {"tables": closed(short) if is_public(datasette) else short}
    shown = {table: {**of_table, "columns": dict(of_table["columns"])} for table, of_table in tables.items()}
    described = {
        "description_html": WELCOME.format(here=datasette.urls.database(name)),
    }
    if is_public(datasette):
        return {**described, "tables": closed(shown), "allow_sql": False}
    return {**described, "tables": shown}
