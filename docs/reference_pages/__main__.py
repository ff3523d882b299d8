"""``python -m docs.reference_pages``: write every generated page of the reference."""

from __future__ import annotations

from pathlib import Path

from docs.reference_pages.diagram import draw
from docs.reference_pages.pages import PAGES, page

FOLDER = Path(__file__).parent.parent / "reference"

if __name__ == "__main__":
    for name in PAGES:
        (FOLDER / name).write_text(page(name), "utf-8")
    draw(FOLDER / "schema.svg")
