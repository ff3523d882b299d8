"""``caliber learn``."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from tabulate import tabulate

from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.quantity import quantity

if TYPE_CHECKING:
    from caliber_crawler.items import Capture
    from caliber_crawler.news_spider import NewsSpider
    from caliber_crawler.site import Site
    from caliber_crawler.site_learning.survey import Survey

PAGES = 20
MIN_PAGES = 5
INCOMPLETE = 3
RECORDED_PAGES = 3


@click.command()
@click.argument("site")
@archive_option
@click.option(
    "--pages",
    "count",
    default=PAGES,
    show_default=True,
    type=click.IntRange(min=MIN_PAGES, max=50),
    help="Number of article pages to learn from.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of the new site definition.  [default: caliber_crawler/spiders; with --toml, CALIBER_DEFINITIONS"
    " or definitions]",
)
@click.option(
    "--recorded",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder of recorded pages.  [default: tests/pages; with --toml, no pages are recorded]",
)
@click.option("--toml", "as_toml", is_flag=True, help="Write the definition in TOML instead of Python.")
@click.option("--update", is_flag=True, help="Print the changes to the definition of a known site; write nothing.")
@click.option("--base-url", default="", metavar="URL", help="A known site at another URL: a mirror, the demo site.")
@click.option("--delay", type=click.FloatRange(min=0), help="Seconds between two requests.  [default: 1]")
def learn(
    site: str,
    archive: Path,
    count: int,
    output: Path | None,
    recorded: Path | None,
    base_url: str,
    delay: float | None,
    *,
    update: bool,
    as_toml: bool,
) -> None:
    """Learn SITE (a URL, or the name of a known site) and write its site definition.

    Uses the pages that the archive contains of the site; if they are too few, the site is crawled first, with all rules
    of a crawl. Writes <name>.py or <name>.toml with the evidence of each fact, and three recorded pages with drafts of
    the expected results. Prints what was found, what was not, and how the definition compares with the generic
    extraction. Existing files are never overwritten.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber learn https://news.example.org
      caliber learn https://news.example.org --toml --output sites
      caliber learn caliber --update
    """
    from caliber_crawler.archive import Archive
    from caliber_crawler.commands.crawling import run_spider
    from caliber_crawler.crawling.options import CrawlOptions
    from caliber_crawler.known_sites import project_settings, spider_named
    from caliber_crawler.site_learning.comparison import compare_facts
    from caliber_crawler.site_learning.learner import learn_site, plain_site, sample_pages
    from caliber_crawler.site_learning.survey import survey_site
    from caliber_crawler.site_learning.survey_facts import SURVEY_FACTS, survey_facts

    settings = project_settings(ARCHIVE=str(archive), DOWNLOAD_DELAY=delay, LOG_LEVEL="ERROR")
    spider = spider_named(site if "://" in site or "." not in site else f"https://{site}", settings)
    name, now = spider.site.name, datetime.now(UTC)
    with Archive.open(archive, mode="write") as opened:
        known = len(sample_pages(opened, name, count))
    if known < count:
        run_spider(spider, settings, CrawlOptions(limit=count, base_url=base_url))
    with Archive.open(archive, mode="write") as opened:
        served = spider.site.at(opened.sites.base_urls().get(name, spider.site.base_url))
        captures = sample_pages(opened, name, count)
        lesson = learn_site(opened, plain_site(served), now, pages=count, store=not spider.site.has_layouts)
        if lesson is None:
            echo(f"{archive} contains {quantity(len(captures), 'article')} of {name}; at least {MIN_PAGES} are needed.")
            echo(f"Crawl more, then repeat this command: caliber crawl {site} --limit 50")
            sys.exit(INCOMPLETE)
        survey = survey_site(opened, plain_site(served), lesson, captures)
        opened.site_facts.replace(name, SURVEY_FACTS, survey_facts(survey), now)
    archived = quantity(survey.articles, "article is", "articles are")
    echo(f"Learned {name} from {quantity(lesson.learned.pages, 'page')}; {archived} archived.")
    if spider.site.has_layouts:
        rows = compare_facts(survey, served, captures)
        echo(tabulate(rows, headers=("fact", "stated", "learned", "verdict"), tablefmt="simple"))
        if update:
            echo(_changes(spider, survey, captures) or "The definition needs no change.")
    elif update:
        raise click.UsageError(f"{name} has no site definition; leave out --update to write one.")
    else:
        if as_toml:
            _write(survey, captures, output or Path(settings["DEFINITIONS"] or "definitions"), recorded, as_toml=True)
        else:
            _write(survey, captures, output or Path("caliber_crawler/spiders"), recorded or Path("tests/pages"))
    if survey.missing:
        echo(f"Not found: {', '.join(survey.missing)}.")
    sys.exit(INCOMPLETE if not survey.layout.headline or not survey.layout.body else 0)


def _write(
    survey: Survey, captures: list[Capture], output: Path, recorded: Path | None, *, as_toml: bool = False
) -> None:
    """Write the definition and the recorded pages, and print how they compare with the generic extraction."""
    from caliber_crawler.errors import InputError
    from caliber_crawler.recorded_page import recorded_page
    from caliber_crawler.site_learning.comparison import compare_extractions
    from caliber_crawler.site_learning.definition import definition_of, site_name
    from caliber_crawler.site_learning.toml_definition import toml_definition

    name = site_name(survey.site.host)
    source = definition_of(survey, name, datetime.now(UTC).date())
    path = output / f"{name}.{'toml' if as_toml else 'py'}"
    if path.exists():
        raise InputError(f"{path} exists already and is never overwritten; delete it first, or choose --output.")
    defined = _site_from(source)
    if as_toml:
        source = toml_definition(source, defined)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    echo(f"Wrote {path} ({quantity(len(source.splitlines()), 'line')}); read it, and check what is presumed.")
    if as_toml:
        echo(f"Every command knows the site {name} if the environment variable CALIBER_DEFINITIONS is {output}.")
    samples = captures[:: max(1, len(captures) // RECORDED_PAGES)][:RECORDED_PAGES] if recorded else []
    for capture in samples:
        assert recorded is not None
        folder = recorded_page(replace(capture, site=name), defined).write(recorded)
        echo(f"Wrote {folder}; compare expected.json with the page, then delete the line 'draft'.")
    rows = compare_extractions(captures, defined, survey.site, datetime.now(UTC))
    echo(f"On {quantity(len(captures), 'page')}:")
    echo(tabulate([row[:4] for row in rows], headers=("field", "found by the definition", "generic", "same")))


def _changes(spider: type[NewsSpider], survey: Survey, captures: list[Capture]) -> str:
    """The definition with the selectors replaced that find nothing on most pages, as a diff."""
    from caliber_crawler.known_sites import definition_path
    from caliber_crawler.site_learning.comparison import failed_selectors
    from caliber_crawler.site_learning.update import corrected, diff_of

    path = definition_path(spider)
    source = path.read_text(encoding="utf-8")
    return diff_of(path, source, corrected(source, failed_selectors(captures, spider.site, survey.layout)))


def _site_from(source: str) -> Site:
    """The site of a generated definition. Raises :class:`SiteError` if it is invalid."""
    names: dict[str, Any] = {"__name__": "definition"}
    exec(compile(source, "<definition>", "exec"), names)  # noqa: S102 - generated, with every text of a page quoted
    spider = next(value for value in names.values() if getattr(value, "__module__", "") == "definition")
    site: Site = spider.site
    return site
