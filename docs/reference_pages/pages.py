"""The generated pages by their file names."""

from __future__ import annotations

from docs.reference_pages.codes import codes_page
from docs.reference_pages.commands import commands_page
from docs.reference_pages.queries import queries_page
from docs.reference_pages.schema import schema_page
from docs.reference_pages.settings import settings_page

NOTE = "<!-- Written by `make reference` from {}. Change it there. -->\n\n"


def pages() -> dict[str, str]:
    """The text of each page."""
    made = {
        "commands.md": ("caliber_crawler/commands", commands_page()),
        "settings.md": ("caliber_crawler/settings.py and the options of the commands", settings_page()),
        "codes.md": ("caliber_crawler/errors.py and caliber_crawler/reasons.py", codes_page()),
        "schema.md": ("the schema and caliber_crawler/browse/tables.toml", schema_page()),
        "queries.md": ("caliber_crawler/browse/canned_queries.toml", queries_page()),
    }
    return {name: NOTE.format(source) + text for name, (source, text) in made.items()}
