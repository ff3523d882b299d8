"""Take the pictures of the README: ``python -m docs.pictures`` from the root of the repository.

They show an archive of the demo site's pages, saved at several moments and ingested as anyone would. The browser code
is that of the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from caliber_crawler.demo import DemoSite
from tests.browse.chromium import browser_page, served

PICTURES = Path(__file__).parent / "pictures"
ARTICLES = 400
HOURS = (2, 5, 9, 14, 24, 36, 50, 74, 98, 122, 170)
"""After publication, when the one article is seen again."""


def make_archive(folder: Path) -> tuple[Path, str]:
    """An archive of every article of the demo site, one of them seen often; and that one's headline."""
    site = DemoSite(ARTICLES, base_url="https://caliber.az")
    chosen = next(each for each in site.truth() if each["language"] == "en" and each["edits"] and each["authors"])
    visits = [(each["url"], published_at(each) + timedelta(days=8)) for each in site.truth()]
    visits += [(chosen["url"], published_at(chosen) + timedelta(hours=hours)) for hours in HOURS]
    pages = folder / "pages"
    pages.mkdir()
    for number, (url, seen_at) in enumerate(sorted(visits, key=lambda visit: visit[1])):
        save_page(site, url, seen_at, pages / f"{number:04}.html")
    archive = folder / "archive.db"
    command = [sys.executable, "-m", "caliber_crawler", "ingest", str(pages), "--archive", str(archive)]
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=120, check=True)
    return archive, chosen["headline"]


def published_at(truth: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(truth["published_at"])


def save_page(site: DemoSite, url: str, seen_at: datetime, path: Path) -> None:
    """Save a page as a browser does: what was served, in a file of that time."""
    path.write_bytes(site.respond(url.removeprefix(site.base_url), seen_at).body)
    os.utime(path, (seen_at.timestamp(), seen_at.timestamp()))


def take_pictures() -> Iterator[Path]:
    """Write ``articles.png`` and ``article.png``: the table of articles, and one article to read."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive, headline = make_archive(Path(folder))
        with served(archive) as server, browser_page(server) as (page, _):
            page.goto("/archive/articles")
            page.screenshot(path=PICTURES / "articles.png")
            yield PICTURES / "articles.png"
            page.goto("/archive/articles?_sort_desc=version_count")
            page.get_by_role("link", name=headline).click()
            page.screenshot(path=PICTURES / "article.png")
            yield PICTURES / "article.png"


if __name__ == "__main__":
    for picture in take_pictures():
        sys.stdout.write(f"{picture}\n")
