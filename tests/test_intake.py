"""Pages that are taken in are followed from then on, as their site's file says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from caliber_crawler.archive import Archive
from caliber_crawler.intake import Intake, Item, Recogniser
from caliber_crawler.saved_pages import capture_saved
from caliber_crawler.site import Revisits
from caliber_crawler.spiders.caliber import CaliberSpider

PAGE = Path(__file__).parent / "pages" / "caliber" / "baku-s-geopolitical-formula-as-text" / "page.txt"
URL = "https://caliber.az/en/post/baku-s-geopolitical-formula"
PUBLISHED_AT = datetime(2026, 1, 6, 15, 13, tzinfo=UTC)


def test_a_page_that_was_taken_in_is_visited_again_by_its_sites_own_plan(tmp_path: Path) -> None:
    site = replace(CaliberSpider.site, revisits=Revisits(ages=(timedelta(days=5),), later=timedelta(days=50)))
    capture = capture_saved(PAGE, site, url=URL, fetched_at=PUBLISHED_AT + timedelta(hours=2))
    with Intake(tmp_path / "a.db", Recogniser(sites={site.name: site}, default=site), {}, [PAGE]) as intake:
        intake.take(Item(path=PAGE, capture=capture, saved=True), intake.reader(capture))
    with Archive.open(tmp_path / "a.db") as archive:
        entry = archive.frontier.get(URL)
    assert entry is not None
    assert entry.due_at == PUBLISHED_AT + timedelta(days=5)
