"""Every command that extracts pages gives the same article, or the same reason code, for a page.

A crawl visits a site that serves every hostile page, pages at the limits of the rules, and the recorded pages. All
other commands then extract the captures of this crawl.
"""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from caliber_crawler import isolated_extraction
from caliber_crawler.archive import Archive
from caliber_crawler.demo import DemoSite
from caliber_crawler.extraction_steps import Outcome, extract_page
from caliber_crawler.isolated_extraction import IsolatedSteps, extract_isolated
from caliber_crawler.items import Capture, Extraction, Listing, Problem
from caliber_crawler.processes import PAGE_LIMITS
from caliber_crawler.processes.async_executor import AsyncExecutor
from caliber_crawler.reextraction import Reextractor
from caliber_crawler.site import Site, SiteRegistry
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import write_warc
from tests.conftest import AT, ROOT, Result, run_module
from tests.crawl.test_isolated_extraction import LONG_TAGS
from tests.extraction.pages import PAGES, READ_AT, expected_of, is_generic, recorded_capture, site_of
from tests.hostile import tricks
from tests.hostile.site import HostileSite, answering, misbehaving
from tests.preloaded import PAGE_SECONDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LIMITS = PAGE_LIMITS._replace(cpu_seconds=0.8)
"""One page takes all of this CPU time in every test. All others take less than half of it."""
NOW = datetime(2026, 11, 30, tzinfo=UTC)
FOLDERS = sorted(folder for folder in PAGES.glob("*/*/") if not is_generic(folder))
COLUMNS = "headline, subtitle, body, published_at, authors, section, language, views, signature, cover_image"
TOO_SLOW = "/en/post/long-tags"


def short_article(title: str, extra: str = "") -> bytes:
    """A short article in the layout of the site: the rules against non-article pages check short pages only."""
    return (
        f'<html><head><title>{title}</title></head><body><div class="post"><h1 class="post_title">{title}</h1>'
        '<div class="post_time">06 January 2026 19:13</div><div class="post_body">'
        f"<p>The ministers met in Baku and spoke for hours about roads and rails.</p>{extra}</div></div></body></html>"
    ).encode()


EDGE_CASES = {
    "/en/post/news-about-404": answering(200, short_article("Ministry answers Error 404: its pages were not found")),
    "/en/post/plain-404": answering(200, short_article("404 - not found").replace(b"post_title", b"title")),
    "/en/post/login-wall": answering(200, short_article("Sign in to continue", '<input type="password" name="p">')),
    "/en/post/long-with-login": answering(
        200, short_article("A long page", f"<p>{'Words about trade. ' * 200}</p><input type='password'>")
    ),
    "/en/post/from-the-future": answering(200, short_article("A date").replace(b"2026", b"2126")),
    "/en/post/no-date": answering(200, short_article("No date").replace(b"06 January 2026 19:13", b"")),
    "/en/post/short": answering(200, short_article("Short").replace(b"spoke for hours about roads and rails", b"")),
    "/en/post/gone": answering(410, b"gone"),
    "/en/post/broken": answering(418, b"a teapot"),
    TOO_SLOW: answering(200, LONG_TAGS),
}
EXPECTED = {
    "news-about-404": "article",
    "plain-404": "soft_404",
    "login-wall": "login_wall",
    "long-with-login": "article",
    "from-the-future": "future_date",
    "no-date": "article",
    "gone": "http_410",
    "broken": "http_418",
    "long-tags": "too_slow",
    "soft-404": "soft_404",
    "many-tags": "too_deep",
    "picture": "not_text",
}


@pytest.fixture(autouse=True)
def short_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated_extraction, "PAGE_LIMITS", LIMITS)


class CrawlResult(NamedTuple):
    """The archive of a crawl, and its verdict on each page."""

    archive: Path
    site: Site
    verdicts: Mapping[str, Any]
    captures: Mapping[str, Capture]
    """The captures of article URLs, by URL."""


def verdicts(archive: Path) -> dict[str, Any]:
    """For each URL, the fields of the extracted article, or the reason code why there is none."""
    with Archive.open(archive) as opened:
        found: dict[str, Any] = {
            row["url"]: row["reason"]
            for row in opened.db.query("SELECT url, reason FROM problems WHERE fatal AND url IS NOT NULL ORDER BY id")
        }
        for row in opened.db.query(
            f"""SELECT captures.url AS page, {", ".join(f"article_texts.{name}" for name in COLUMNS.split(", "))}
            FROM captures JOIN article_texts ON article_texts.id = captures.article_id
            WHERE captures.version_id IS NOT NULL"""
        ):
            found[row.pop("page")] = row
        return found


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CrawlResult]:
    folder = tmp_path_factory.mktemp("entrances")
    recorded = {
        f"/en/post/recorded-{folder.name}": answering(
            200,
            recorded_capture(folder).body,
            Content_Type="text/plain" if (folder / "page.txt").exists() else "text/html",
        )
        for folder in FOLDERS
        if folder.parent.name == "caliber" and recorded_capture(folder).kind == "article"
    }
    demo = DemoSite(articles=12, seed=1, sections=("analytics",), clock=lambda: AT)
    # The downloader stops bombs, so one of them is sufficient.
    bombs = tricks.BOMBS.keys() - {"/en/post/packed-often"}
    hostile_pages = {path: page for path, page in tricks.TRICKS.items() if path not in bombs}
    hostile = HostileSite(demo, tricks={**hostile_pages, **EDGE_CASES, **recorded})
    archive = folder / "a.db"
    with misbehaving(hostile, log=folder / "log.jsonl") as base_url:
        options = ("--base-url", base_url, "--archive", archive, "--language", "en", "--delay", 0)
        ended = run_caliber("crawl", *options, "--via", "listing", folder=folder)
        assert "Traceback" not in ended.stderr, ended.stderr
        site = CaliberSpider.site.served_at(base_url)
        with Archive.open(archive) as opened:
            ids = [row["id"] for row in opened.db.query("SELECT id FROM captures WHERE kind = 'article' ORDER BY id")]
            captures = {capture.url: capture for capture in map(opened.captures.get, ids)}
        yield CrawlResult(archive, site, verdicts(archive), captures)


def run_caliber(*arguments: object, module: str = "caliber_crawler", folder: Path = ROOT) -> Result:
    """Run a command with the short limit."""
    return run_module(module, *arguments, folder=folder, **{PAGE_SECONDS: str(LIMITS.cpu_seconds)})


def assert_same(crawled: CrawlResult, found: Mapping[str, Any], urls: Callable[[Capture], bool]) -> None:
    """Compare the verdicts of another command on the captures that it extracted."""
    compared = [url for url, capture in crawled.captures.items() if urls(capture)]
    assert len(compared) > len(EXPECTED)
    assert {url: found.get(url) for url in compared} == {url: crawled.verdicts.get(url) for url in compared}


def key_of(outcome: Outcome) -> object:
    """An outcome without its capture, to compare outcomes."""
    match outcome:
        case Problem():
            return (outcome.stage, outcome.reason, outcome.message)
        case Listing():
            return [asdict(teaser) for teaser in outcome.teasers]
    return asdict(outcome.article), dict(outcome.methods), outcome.layout, outcome.warnings


def test_crawl_gives_the_expected_verdicts(crawled: CrawlResult) -> None:
    found = {url.rpartition("/")[2]: verdict for url, verdict in crawled.verdicts.items()}
    kinds = {name: "article" if isinstance(found[name], dict) else found[name] for name in EXPECTED}
    assert kinds == EXPECTED
    recorded = [name for name in found if name.startswith("recorded-")]
    assert len(recorded) == sum(folder.parent.name == "caliber" for folder in FOLDERS) - 1
    assert all(isinstance(found[name], dict) for name in recorded)


def test_ingest_of_a_web_archive_gives_the_same_verdicts(crawled: CrawlResult, tmp_path: Path) -> None:
    def is_ingestible(capture: Capture) -> bool:
        return capture.status is not None and capture.final_url is None

    warc = tmp_path / "crawl.warc.gz"
    with warc.open("wb") as file:
        write_warc((each for each in crawled.captures.values() if is_ingestible(each)), file, name=warc.name)
    options = ("--base-url", crawled.site.base_url, "--archive", tmp_path / "b.db", "--jobs", 2, "--site", "caliber")
    run_caliber("ingest", warc, *options)
    assert_same(crawled, verdicts(tmp_path / "b.db"), is_ingestible)


def test_bulk_extraction_of_the_archive_gives_the_same_verdicts(crawled: CrawlResult, tmp_path: Path) -> None:
    run_caliber("bulk", "extract", crawled.archive, "--out", tmp_path / "out", "--jobs", 1)
    (shard,) = (tmp_path / "out").glob("*/archive.db")
    # Bulk extraction of an archive skips failed captures, which have no page.
    assert_same(crawled, verdicts(shard), lambda capture: capture.status == 200 and bool(capture.body))


@pytest.mark.parametrize("options", [("--again",), ("--failed", "--again")])
def test_reextraction_changes_nothing(crawled: CrawlResult, tmp_path: Path, options: tuple[str, ...]) -> None:
    archive = tmp_path / "a.db"
    shutil.copy(crawled.archive, archive)
    result: Result = run_caliber("reextract", "--archive", archive, "--json", *options)
    counts = json.loads(result.stdout)
    assert (counts["saved"], counts["changed"]) == (0, 0)
    assert counts["pages"] >= 6
    assert verdicts(archive) == crawled.verdicts


def test_repair_gives_articles_for_the_same_pages(crawled: CrawlResult) -> None:
    reextractor = Reextractor(SiteRegistry([crawled.site]))
    for url, capture in crawled.captures.items():
        article = reextractor(capture)
        assert (article is not None) == isinstance(crawled.verdicts.get(url), dict), url


def test_extract_command_gives_the_same_verdicts(crawled: CrawlResult, tmp_path: Path) -> None:
    """Only pages with status 200 and without a charset in the headers: the command gets only the HTML and the URL."""
    pages = {
        url: capture.body.decode()
        for url, capture in crawled.captures.items()
        if capture.status == 200 and capture.final_url is None and _is_utf8(capture) and capture.body
    }
    lines = tmp_path / "pages.jsonl"
    lines.write_text("".join(json.dumps({"id": url, "url": url, "html": page}) + "\n" for url, page in pages.items()))
    program = (
        "from caliber_crawler.commands import extract; "
        "from caliber_crawler.commands.cli import main; known = extract.known_sites; "
        f"extract.known_sites = lambda: known().served_at({{'caliber': {crawled.site.base_url!r}}}); main()"
    )
    (tmp_path / "extract_there.py").write_text(program)
    result = run_caliber("extract", "--jsonl", lines, module="extract_there", folder=tmp_path)
    assert "Traceback" not in result.stderr, result.stderr
    printed = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in printed] == list(pages)
    for line in printed:
        expected = crawled.verdicts[line["id"]]
        if isinstance(expected, dict):
            assert (line["headline"], line["body"]) == (expected["headline"], expected["body"])
        else:
            assert line["error"]["reason"] == expected


def _is_utf8(capture: Capture) -> bool:
    charset = (capture.header("content-type") or "").partition("charset=")[2].lower()
    try:
        capture.body.decode()
    except UnicodeDecodeError:
        return False
    return charset in ("", "utf-8") and capture.media_type == "text/html"


async def _step_by_step(captures: list[tuple[Capture, Site]], *, extracts: bool) -> list[Outcome]:
    executor = AsyncExecutor(LIMITS)
    executor.join()
    try:
        return [await _steps(IsolatedSteps(executor, site), capture, extracts=extracts) for capture, site in captures]
    finally:
        await executor.leave()


async def _steps(steps: IsolatedSteps, capture: Capture, *, extracts: bool) -> Outcome:
    page = await steps.clean(capture, extracts=extracts)
    if isinstance(page, Problem):
        return page
    found = await steps.extract(page)
    return found if isinstance(found, Problem) else await steps.check(found, NOW)


def test_single_steps_and_extract_page_give_the_same_outcomes(crawled: CrawlResult) -> None:
    recorded = [(recorded_capture(folder), site_of(folder)) for folder in FOLDERS]
    captures = recorded + [(capture, crawled.site) for capture in crawled.captures.values()]
    by_stages = asyncio.run(_step_by_step(captures, extracts=True))
    apart = asyncio.run(_step_by_step(recorded, extracts=False))
    assert list(map(key_of, apart)) == list(map(key_of, by_stages[: len(recorded)]))
    for (capture, site), outcome in zip(captures, by_stages, strict=True):
        assert key_of(extract_isolated(capture, site, NOW)) == key_of(outcome), capture.url
        if not capture.url.endswith(TOO_SLOW):
            assert key_of(extract_page(capture, site, NOW)) == key_of(outcome), capture.url
        if not isinstance(outcome, Problem):
            assert outcome.capture == capture


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}/{folder.name}")
def test_extract_page_gives_the_recorded_outcomes(folder: Path) -> None:
    outcome = extract_page(recorded_capture(folder), site_of(folder), READ_AT)
    if "teasers" in expected_of(folder):
        assert isinstance(outcome, Listing)
        assert len(outcome.teasers) == len(expected_of(folder)["teasers"])
    else:
        assert isinstance(outcome, Extraction)
        assert outcome.article.headline == expected_of(folder)["article"]["headline"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": 304, "body": b""}, "not_modified"),
        ({"status": None, "error": "no answer within 30 s", "error_code": "timeout"}, "timeout"),
        ({"status": 301, "headers": (("Location", "/en"),)}, "redirect_home"),
        ({"status": 301, "headers": (("Location", "/en/post/b"),)}, "http_301"),
        ({"final_url": "https://caliber.az/en"}, "redirect_home"),
        ({"status": 403, "headers": (("cf-mitigated", "challenge"),)}, "bot_challenge"),
        ({"status": 404}, "http_404"),
        ({"status": 206}, "http_206"),
        ({"status": 203}, "not_an_article"),
        ({"status": 201}, "not_an_article"),
    ],
)
def test_verdicts_from_status_and_headers_are_the_same_everywhere(fields: dict[str, Any], reason: str) -> None:
    page = Capture(site="caliber", url="https://caliber.az/en/post/a", fetched_at=AT, status=200, body=b"<p>x</p>")
    capture = replace(page, **fields)
    outcomes = (
        extract_page(capture, CaliberSpider.site, NOW),
        extract_isolated(capture, CaliberSpider.site, NOW),
        Reextractor(SiteRegistry([CaliberSpider.site])).extract(capture),
    )
    assert [getattr(outcome, "reason", outcome) for outcome in outcomes] == [reason] * 3
