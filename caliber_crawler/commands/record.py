"""``caliber record``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings

from caliber_crawler.errors import InputError, NotAPage, SiteError, SiteUnreachable
from caliber_crawler.intake.saved_pages import capture_saved
from caliber_crawler.items import Capture
from caliber_crawler.known_sites import known_sites, project_settings
from caliber_crawler.reading import Unreadable, read_listing, read_page
from caliber_crawler.reading.text import slug
from caliber_crawler.site import Site

LONGEST_NAME = 60
DRAFT = "Compare every field with the page, mend it, then delete this line."
POLITE = ("USER_AGENT", "ROBOTSTXT_USER_AGENT", "DOWNLOAD_TIMEOUT", "DOWNLOAD_MAXSIZE", "DEFAULT_REQUEST_HEADERS")


@click.command()
@click.argument("page")
@click.option("--url", help="The address the page was saved from.")
@click.option("--site", "site_name", help="Whose page it is.  [default: told by the address]")
@click.option(
    "--pages",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tests/pages"),
    show_default=True,
    help="The folder of recorded pages.",
)
def record(page: str, url: str | None, site_name: str | None, pages: Path) -> None:
    """Keep a page as a test: the page as it was served, and a draft of what an honest reader finds on it.

    PAGE is an address or a file. Both are written to <pages>/<site>/<slug>/. The draft is what the code reads today:
    compare it with the page before you believe it. What is there already is never overwritten.

    \b
    Example:
      caliber record https://caliber.az/en/post/some-article
      caliber record saved.html --url https://news.example.org/story/1
    """
    if fetched := page.startswith(("http://", "https://")):
        url = page
    site = _site(url, site_name)
    capture = _fetch(page, site) if fetched else capture_saved(Path(page), site, url=url)
    expected, name = _draft(capture, site)
    folder = pages / site.name / name
    if folder.exists():
        raise InputError(f"{folder} is there already, and nothing recorded is overwritten.")
    folder.mkdir(parents=True)
    ending = "txt" if capture.media_type == "text/plain" else "html"
    (folder / f"page.{ending}").write_bytes(capture.body)
    (folder / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    click.echo(f"Recorded {folder}. Its expected.json is a draft: compare every field with the page.")


def _site(url: str | None, name: str | None) -> Site:
    sites = known_sites()
    if name:
        if name not in sites:
            raise SiteError(f"There is no site {name!r}; known sites: {', '.join(sites)}.")
        site = sites[name]
        if url and not site.owns(site.normal_url(url)):
            return site.at("{0.scheme}://{0.netloc}".format(urlsplit(url)))  # a mirror, the demo site
        return site
    if url is None:
        raise click.UsageError("Whose page is it? Say --url or --site.")
    owner = next((site for site in sites.values() if site.owns(site.normal_url(url))), None)
    if owner is None:
        raise SiteError(f"No site file owns {url}; write caliber_crawler/spiders/<site>.py first.")
    return owner


def _draft(capture: Capture, site: Site) -> tuple[dict[str, Any], str]:
    """What is read on a page, as ``expected.json`` has it, and a name for the page. Raises :class:`NotAPage`."""
    told: dict[str, Any] = {"url": capture.url}
    if capture.final_url:
        told["final_url"] = capture.final_url
    if capture.media_type:
        told["headers"] = [[name, value] for name, value in capture.headers if name.lower() == "content-type"]
    try:
        if capture.url.startswith("http") and site.address(capture.address) is None:
            cards = [asdict(card) for card in read_listing(capture, site).cards]
            if cards:
                name = f"listing-{slug(capture.url.rpartition('/')[2])}"
                return _plain({"draft": DRAFT, "capture": told | {"kind": "listing"}, "cards": cards}), name
        reading = read_page(capture, site)
    except Unreadable as unreadable:
        raise NotAPage(unreadable.message) from None
    article = asdict(reading.article)
    article["body"] = reading.article.body.split("\n\n")
    address = site.address(reading.article.url) if reading.article.url.startswith("http") else None
    name = address.slug if address and address.slug else slug(reading.article.headline)
    return _plain({"draft": DRAFT, "capture": told, "layout": reading.layout, "article": article}), name[:LONGEST_NAME]


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(value, default=lambda moment: moment.isoformat()))
    return plain


class OnePage(Spider):
    """Fetches one page and keeps the answer."""

    name = "one_page"
    url = ""
    answer: Response | None = None
    failure = ""

    async def start(self) -> Any:
        yield Request(self.url, callback=self.keep, errback=self.fail)

    def keep(self, response: Response) -> None:
        type(self).answer = response

    def fail(self, failure: Any) -> None:
        type(self).failure = failure.getErrorMessage() or failure.type.__name__


def _fetch(url: str, site: Site) -> Capture:
    """One polite request, asked for in the project's name. Raises :class:`SiteUnreachable`."""
    ours = project_settings()
    if not ours["CONTACT"] and not site.is_local:
        raise SiteError("Set CALIBER_CONTACT to your e-mail address or web page: the site must be able to reach you.")
    polite = {name: ours[name] for name in POLITE}
    settings = Settings({**polite, "ROBOTSTXT_OBEY": True, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False})
    process = AsyncCrawlerProcess(settings)
    process.crawl(OnePage, url=url)
    process.start()
    answer = OnePage.answer
    if answer is None:
        raise SiteUnreachable(f"{url} gave no page: {OnePage.failure or 'no answer'}.")
    if not 200 <= answer.status < 300:
        raise SiteUnreachable(f"{url} gave no page: the server answered {answer.status}.")
    return Capture(
        site=site.name,
        url=site.normal_url(url),
        final_url=site.normal_url(answer.url) if answer.url != url else None,
        fetched_at=datetime.now(UTC),
        status=answer.status,
        headers=(("Content-Type", (answer.headers.get("Content-Type") or b"").decode("latin-1")),),
        body=answer.body,
    )
