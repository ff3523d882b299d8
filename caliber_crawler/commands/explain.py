"""``caliber explain``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

import click

from caliber_crawler.archive import Archive, Explanation
from caliber_crawler.archive.core.rows import FrontierRow, HostRow
from caliber_crawler.archive.reports.explanation import ExplainedArticle, ExplainedCapture, ExplainedProblem
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, style
from caliber_crawler.throttle import ROBOTS_AGENT, Throttle, means_no_robots, requested_delay

if TYPE_CHECKING:
    from caliber_crawler.crawling.traps import Trap
    from caliber_crawler.site import ArticleURL, Site


class RobotsRules(TypedDict):
    """What a host's robots.txt says of a URL."""

    fetched_at: str
    """ISO 8601 in UTC."""
    status: int | None
    allowed: bool | None
    """``None`` when the file could not be fetched, so that nothing may be fetched."""
    delay: float
    """Seconds that it asks for between two requests; 0.0 when it asks for none."""


class ExplainedUrl(Explanation):
    """All that ``caliber explain`` reports of a URL."""

    url: str
    site: str | None
    names_an_article: bool
    taken_down: bool
    trap: str | None
    """The code of the trap rule that leaves the URL out, if one does."""
    verdict: str
    robots: RobotsRules | None
    retry_after: str | None


TAKEN_DOWN = "It was taken down on request (caliber takedown): nothing of it is kept, and it is not fetched again."
PLACES = ("header", "page", "site")
"""Where a page or its site reserves something."""


@click.command()
@click.argument("url")
@archive_option
@json_option
def explain(url: str, archive: Path, *, as_json: bool) -> None:
    """Tell what is known of the page at URL: how it was found, what came of it, when it is due, why it is not kept.

    \b
    Example:
      caliber explain https://caliber.az/en/post/baku-s-geopolitical-formula
    """
    with Archive.open(archive) as opened:
        site = _site_of(url, opened)
        normal = site.normal_url(url) if site else url
        known = opened.explain(list(dict.fromkeys((normal, url))))
        host = opened.hosts.get(urlsplit(normal).netloc)
        article_url = site.article_url(url) if site else None
        taken_down = article_url is not None and site is not None and opened.takedowns.covers(site.name, [article_url])
        trap = _trap(article_url, opened) if article_url is not None else None
        wait = Throttle(opened.hosts).retry_after(site.host, datetime.now(UTC)) if site else None
    report: ExplainedUrl = {
        "url": normal,
        "site": site.name if site else None,
        "names_an_article": article_url is not None,
        "taken_down": taken_down,
        "trap": trap.code if trap else None,
        "verdict": TAKEN_DOWN if taken_down else verdict(known, site, names_article=article_url is not None, trap=trap),
        "robots": robots(host, normal),
        "retry_after": f"{wait.until:%Y-%m-%dT%H:%M:%SZ}" if wait else None,
        **known,
    }
    if as_json:
        echo_json(report)
    else:
        echo("\n".join(_lines(report)))


def _site_of(url: str, archive: Archive) -> Site | None:
    """The site whose page this is, as it stood when it was crawled; one without a file goes by its host."""
    from caliber_crawler.commands.archived_sites import archived_sites

    sites = archived_sites(archive)
    try:
        site = sites.site_of(url)
    except ValueError:
        return None
    return site if site.name in sites or archive.sites.get(site.name) else None


def _trap(article_url: ArticleURL, archive: Archive) -> Trap | None:
    """Why an address would be left out if a list named it now, by the bounds of the settings."""
    from caliber_crawler.crawling.traps import Bounds, url_trap, variant_trap
    from caliber_crawler.known_sites import project_settings

    settings = project_settings()
    bounds = Bounds.from_settings(settings)
    named = article_url.kind != "other"
    many = variant_trap(article_url.url, archive.frontier.count_query_variants(article_url.url), bounds, named=named)
    return url_trap(article_url.url, bounds) or many


def robots(host: HostRow | None, url: str) -> RobotsRules | None:
    """What the host's robots.txt, as it was last fetched, says of a URL; ``None`` when it never was."""
    if host is None or host["robots_at"] is None:
        return None
    from protego import Protego

    status, text = host["robots_status"], host["robots"]
    allowed, delay = True if status is not None and means_no_robots(status) else None, 0.0
    if text is not None:
        rules = Protego.parse(text)
        allowed, delay = rules.can_fetch(url, ROBOTS_AGENT), requested_delay(rules, ROBOTS_AGENT)
    return {"fetched_at": host["robots_at"], "status": status, "allowed": allowed, "delay": delay}


def verdict(known: Explanation, site: Site | None, *, names_article: bool, trap: Trap | None = None) -> str:
    """What became of the page, and what happens next, in a sentence or two."""
    entry, article = known["frontier"], known["article"]
    if entry is None and article is None:
        if site is None:
            return "It is on no site that has a file here."
        if not names_article:
            return f"It was never asked for: {site.title}'s file does not take it for an article."
        if trap is not None:
            return f"It was never asked for: {trap.clause}, so it may be one of any number ({trap.code})."
        return (
            "It was never met: nothing that was read names it, or it lay outside what was asked for (section, language,"
            " dates). `caliber crawl --urls` fetches it."
        )
    kept = f"It is article {article['id']}." if article else ""
    if entry is None:
        return f"{kept} It is asked for by another address."
    return " ".join(filter(None, (kept, _state(entry, article, known["problems"]))))


def _state(entry: FrontierRow, article: ExplainedArticle | None, problems: list[ExplainedProblem]) -> str:
    due = _due(entry, article)
    match entry["state"]:
        case "queued":
            return f"It was not fetched yet: {due}."
        case "refused" if entry["reason"] == "robots":
            return f"The site's robots.txt forbids it, so it was not fetched: {due}."
        case "refused":
            return f"It is not kept ({entry['reason']}): {due}."
        case "failed":
            times = "once" if entry["failures"] == 1 else f"{entry['failures']} times in a row, last"
            return f"It failed {times} because of {entry['reason']}: {due}."
        case "gone":
            said = next((problem["reason"] for problem in problems if problem["fatal"]), entry["last_status"])
            return f"The site said at {entry['visited_at']} that it is gone ({said}): {due}."
    if entry["visited_at"] is None:
        return f"It was never fetched under this address: {due}."
    if article is None and entry["kind"] == "article":
        return f"It was fetched at {entry['visited_at']}, and belongs to no article: {due}."
    return f"It was last fetched at {entry['visited_at']}: {due}."


def _due(entry: FrontierRow, article: ExplainedArticle | None) -> str:
    if entry["due_at"]:
        return f"due at {entry['due_at']}"
    if entry["kind"] != "article":
        return "asked for again by every crawl that takes this road"
    elsewhere = article["due"][0] if article and article["due"] else None
    return f"due at {elsewhere['due_at']} under {elsewhere['url']}" if elsewhere else "not asked for again"


def _lines(report: ExplainedUrl) -> list[str]:
    lines = [style(report["url"], bold=True), report["verdict"]]
    entry, article = report["frontier"], report["article"]
    if entry:
        where = f" on {entry['discovered_on']}" if entry["discovered_on"] else ", where the road begins"
        lines += [
            "",
            style("Found", bold=True),
            f"  {entry['discovered_at'][:19]}Z by road {entry['discovered_via']}{where}",
        ]
        lines.append(f"  {entry['kind']}, {entry['language'] or 'any language'}, {entry['section'] or 'any section'}")
    if report["robots"]:
        lines += ["", style("robots.txt", bold=True), f"  {_rules(report['robots'])}"]
    if report["retry_after"]:
        lines += ["", f"The site asks to be left alone until {report['retry_after']}."]
    if report["captures"]:
        lines += ["", style("Fetched", bold=True)]
        lines += [f"  {capture['fetched_at']}  {_answer(capture)}" for capture in report["captures"]]
    if report["problems"]:
        lines += ["", style("Problems", bold=True)]
        lines += [
            f"  {problem['noted_at']}  {problem['reason']}: {problem['message']}" for problem in report["problems"]
        ]
    if article:
        lines += ["", style(f"Read (layout {article['layout']}, {article['extractor']})", bold=True)]
        lines += [f"  {field:14} by {method}" for field, method in article["methods"].items()]
        lines += [f"  due again at {due['due_at']} under {due['url']}" for due in article["due"]]
    return lines


def _rules(robots: RobotsRules) -> str:
    said = {True: "allowed it", False: "forbade it", None: "could not be had, so nothing was asked for"}[
        robots["allowed"]
    ]
    none = f", for it answered {robots['status']}" if robots["status"] not in (None, 200) else ""
    delay = f"; wanted {robots['delay']:g} s between two requests" if robots["delay"] else ""
    return f"{said} at {robots['fetched_at']}{none}{delay}"


def _answer(capture: ExplainedCapture) -> str:
    if capture["error"]:
        return str(capture["error"])
    led = f" after a redirect to {capture['final_url']}" if capture["final_url"] else ""
    opted_out = "".join(
        f", {name} reserved ({place})" for name, place in capture["opt_outs"].items() if place in PLACES
    )
    size = f"{capture['size']:,} bytes of {capture['media_type'] or 'unsaid type'}"
    return f"{capture['status']}, {size}{led}{opted_out}"
