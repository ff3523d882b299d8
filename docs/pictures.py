"""Take the screenshots of the documentation: ``python -m docs.pictures`` from the root of the repository.

Those of the README show an archive of the demo site's pages, saved at several times and ingested with ``caliber
ingest``; those of docs/workbench.md its archive, after every command of that document. The browser code is that of the
tests.
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
from tests.test_workbench import prepare, run_commands

PICTURES = Path(__file__).parent / "pictures"
ARTICLES = 400
HOURS = (2, 5, 9, 14, 24, 36, 50, 74, 98, 122, 170)
"""Hours after publication at which some articles are captured again."""


PAGES = {
    "home": ("/", False),
    "articles": ("/archive/-/search", False),
    "article": ("/archive/articles?_sort_desc=version_count", False),
    "search": ("/archive/-/search?q=ministers&language=en", False),
    "query": ("/archive/-/queries/longest", False),
    "edits": ("/archive/-/edits?language=en", False),
    "chart": ("/archive/-/charts/accrual", True),
}
"""Name of a picture to the path of its page, and whether to use the dark theme. ``article`` is opened from a table."""


TASKS = {
    "task-attention": "/archive/-/attention?q=corridor&q=ceasefire+OR+truce&by=week#chart",
    "task-concordance": "/archive/-/words?tab=concordance&word=Mammadova&sort1=1R",
    "task-age": "/archive/-/charts/age?age=24",
    "task-authors": "/archive/-/queries/authors_at_work?site=caliber&language=en",
    "task-editions": "/archive/-/copies?kind=editions",
    "task-keyness": "/archive/-/words?tab=keyness&section=economics&language=en&stop=1",
    "task-coding": "/archive/-/coding",
}
"""Name of a picture of docs/workbench.md to the path of its page."""


def make_archive(folder: Path) -> tuple[Path, str]:
    """Return an archive of every article of the demo site, and the headline of one that was captured often."""
    site = DemoSite(ARTICLES, base_url="https://caliber.az")
    chosen = next(each for each in site.truth() if each["language"] == "en" and each["edits"] and each["authors"])
    truth = list(site.truth())
    visits = [(each["url"], published_at(each) + timedelta(days=8)) for each in truth]
    visits += [(each["url"], published_at(each) + timedelta(hours=1)) for each in truth if each["edits"]]
    for each in [*truth[::9], chosen]:
        visits += [(each["url"], published_at(each) + timedelta(hours=hours)) for hours in HOURS]
    pages = folder / "pages"
    pages.mkdir()
    for number, (url, seen_at) in enumerate(sorted(set(visits), key=lambda visit: visit[1])):
        save_page(site, url, seen_at, pages / f"{number:04}.html")
    archive = folder / "archive.db"
    command = [sys.executable, "-m", "caliber_crawler", "ingest", str(pages), "--archive", str(archive)]
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=120, check=True)
    return archive, chosen["headline"]


def published_at(truth: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(truth["published_at"])


def save_page(site: DemoSite, url: str, seen_at: datetime, path: Path) -> None:
    """Save a page as a browser does: the served bytes, in a file with that modification time."""
    path.write_bytes(site.respond(url.removeprefix(site.base_url), seen_at).body)
    os.utime(path, (seen_at.timestamp(), seen_at.timestamp()))


def take_pictures() -> Iterator[Path]:
    """Write a picture of each page in :data:`PAGES`."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        archive, headline = make_archive(Path(folder))
        with served(archive) as server:
            for name, (path, dark) in PAGES.items():
                with browser_page(server, dark=dark) as (page, _):
                    page.goto(path, wait_until="networkidle")
                    if name == "article":
                        page.get_by_role("link", name=headline).click()
                    page.screenshot(path=PICTURES / f"{name}.png")
                    yield PICTURES / f"{name}.png"


def take_pictures_of_tasks() -> Iterator[Path]:
    """Write a picture of each page in :data:`TASKS`."""
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for _ in run_commands(Path(folder)):
            pass
        with served(Path(folder, "data/archive.db")) as server, browser_page(server, height=720) as (page, _):
            for name, path in TASKS.items():
                page.goto(path)
                page.screenshot(path=PICTURES / f"{name}.png")
                yield PICTURES / f"{name}.png"


if __name__ == "__main__":
    for picture in (*take_pictures(), *take_pictures_of_tasks()):
        sys.stdout.write(f"{picture}\n")
