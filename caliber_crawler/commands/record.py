"""``caliber record``."""

from __future__ import annotations

from pathlib import Path

import click

from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo


@click.command()
@click.argument("page")
@click.option("--url", help="The URL that the page was saved from.")
@click.option("--site", "site_name", default="", help="The site that the page belongs to.  [default: by its URL]")
@click.option(
    "--pages",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tests/pages"),
    show_default=True,
    help="The folder of recorded pages.",
)
@archive_option
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
def record(page: str, url: str | None, site_name: str, pages: Path, archive: Path, delay: float | None) -> None:
    """Save a page as a test fixture, with a draft of the expected result.

    PAGE is a URL or a file (HTML, MHTML, or the plain text of a page). The page and the draft are written to
    <pages>/<site>/<slug>/. The draft contains what the current code extracts: compare every field with the page. A
    recorded page is never overwritten.

    A URL is fetched as in a crawl: robots.txt, delays and certificates apply, and errors have the same exit codes. If
    the archive exists, it stores the time of the last request to the site, and no other command may write to it.

    \b
    Example:
      caliber record https://caliber.az/en/post/some-article
      caliber record saved.html --url https://news.example.org/story/1
    """
    from caliber_crawler.commands.crawling import ProgressLine
    from caliber_crawler.errors import NotAPage
    from caliber_crawler.ingest.saved_pages import capture_from_file
    from caliber_crawler.page_files import form_of
    from caliber_crawler.recorded_page import fetch_page, recorded_page, site_of_page

    is_url = page.startswith(("http://", "https://"))
    if is_url:
        url = page
    if not url and not site_name:
        raise click.UsageError("Name the site that the page belongs to with --site, or its URL with --url.")
    site = site_of_page(url, site_name)
    if is_url:
        with ProgressLine() as line:
            capture = fetch_page(page, site, archive, delay=delay, progress=line.show)
    else:
        if Path(page).is_file() and form_of(Path(page)) in ("warc", "har"):
            raise NotAPage(f"{page} is a web archive of many pages; save one of them as HTML and record that.")
        capture = capture_from_file(Path(page), site, url=url)
    folder = recorded_page(capture, site).write(pages)
    echo(f"Recorded {folder}. Its expected.json is a draft: compare every field with the page.")
