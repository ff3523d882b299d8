"""The generated pages by their file names."""

from __future__ import annotations

from docs.reference_pages.codes import codes_page
from docs.reference_pages.commands import commands_page
from docs.reference_pages.queries import queries_page
from docs.reference_pages.schema import schema_page
from docs.reference_pages.settings import settings_page

NOTE = "<!-- Written by `make reference` from {}. Change it there. -->\n\n"


PAGES = {
    "commands.md": ("caliber_crawler/commands", commands_page),
    "settings.md": ("caliber_crawler/settings.py and the options of the commands", settings_page),
    "codes.md": ("caliber_crawler/errors.py and caliber_crawler/reasons.py", codes_page),
    "schema.md": ("the schema and caliber_crawler/browse/tables.toml", schema_page),
    "queries.md": ("caliber_crawler/browse/canned_queries.toml", queries_page),
}
"""File name to what the page is made from, and the function that makes it."""


def page(name: str) -> str:
    """The text of a page."""
    source, make = PAGES[name]
    return NOTE.format(source) + make()
