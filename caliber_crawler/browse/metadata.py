"""What Datasette is told about an archive: titles, descriptions, facets, sorting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from caliber_crawler import __version__
from caliber_crawler.browse.pages import Context, address
from caliber_crawler.browse.public import closed, is_public
from caliber_crawler.browse.questions import canned_queries
from caliber_crawler.browse.recognition import Tables, archives

if TYPE_CHECKING:
    from datasette.app import Datasette

TITLE = "News archive"

HOME = Markup(
    '<p><a href="{home}">News archive {name}</a>: what is new, what was changed, what is read; search it all.</p>'
)

WELCOME = Markup(
    "<p>Every page as it was fetched, every version of every article, every reading of its view counter. "
    'Start with the <a href="{here}/articles">articles</a>: search them, narrow them by section or month, '
    "open one to read it. "
    'For analysis, <a href="{here}/article_texts">article_texts</a> has everything about an article in one row; '
    '<a href="{here}/edits">edits</a> are what the newspaper changed afterwards; '
    '<a href="{here}/view_growth">view_growth</a> is how it was read. '
    "Times are UTC unless a column says otherwise.</p>"
)


def metadata_of(datasette: Datasette) -> Context:
    """Datasette's metadata for every archive it serves; empty when it serves none.

    Made anew for each call: Datasette merges the user's own metadata into what it is given.
    """
    databases = {name: _of_database(datasette, name, tables) for name, tables in archives(datasette)}
    if not databases:
        return {}
    home = Markup("").join(HOME.format(home=address(datasette, name, "home"), name=name) for name in databases)
    about = f"made with caliber_crawler {__version__}"
    return {"title": TITLE, "description_html": home, "about": about, "databases": databases}


def _of_database(datasette: Datasette, name: str, tables: Tables) -> Context:
    shown = {table: {**of_table, "columns": dict(of_table["columns"])} for table, of_table in tables.items()}
    described = {
        "description_html": WELCOME.format(here=datasette.urls.database(name)),
        "queries": canned_queries(),
    }
    if is_public(datasette):
        return {**described, "tables": closed(shown), "allow_sql": False}
    return {**described, "tables": shown}
