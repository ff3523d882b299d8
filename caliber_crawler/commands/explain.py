"""``caliber explain``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import urlsplit

import click

from caliber_crawler.archive import Archive, Explanation
from caliber_crawler.archive.explanation import ExplainedArticle, ExplainedCapture, ExplainedProblem
from caliber_crawler.archive.rows import FrontierRow, HostRow
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, style
from caliber_crawler.politeness import AGENT, Throttle, has_no_rules, requested_delay

if TYPE_CHECKING:
    from caliber_crawler.crawling.traps import Trap
    from caliber_crawler.site import Address, Site


class RobotsRules(TypedDict):
    """What a host's robots.txt says of a URL."""

    fetched_at: str
    """ISO 8601 in UTC."""
    status: int | None
    allowed: bool | None
    """``None`` when the file could not be fetched, so that nothing may be fetched."""
    gap: float
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
    left_alone_until: str | None


TAKEN_DOWN = "It was taken down on request (caliber forget): nothing of it is kept, and it is not fetched again."
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
        address = site.address(url) if site else None
        taken_down = address is not None and site is not None and opened.takedowns.covers(site.name, [address])
        trap = _trap(address, opened) if address is not None else None
        wait = Throttle(opened.hosts).retry_after(site.host, datetime.now(UTC)) if site else None
    report: ExplainedUrl = {
        "url": normal,
        "site": site.name if site else None,
        "names_an_article": address is not None,
        "taken_down": taken_down,
        "trap": trap.code if trap else None,
        "verdict": TAKEN_DOWN if taken_down else verdict(known, site, names_article=address is not None, trap=trap),
        "robots": robots(host, normal),
        "left_alone_until": f"{wait.until:%Y-%m-%dT%H:%M:%SZ}" if wait else None,
        **known,
    }
    if as_json:
        echo_json(report)
    else:
        echo("\n".join(_lines(report)))


def _site_of(url: str, archive: Archive) -> Site | None:
    """The site whose page this is, as it stood when it was crawled; one without a file goes by its host."""
    from caliber_crawler.commands.kept_sites import kept_sites

    sites = kept_sites(archive)
    try:
        site = sites.site_of(url)
    except ValueError:
        return None
    return site if site.name in sites or archive.sites.get(site.name) else None


def _trap(address: Address, archive: Archive) -> Trap | None:
    """Why an address would be left out if a list named it now, by the bounds of the settings."""
    from caliber_crawler.crawling.traps import Bounds, deep, one_of_many
    from caliber_crawler.known_sites import project_settings

    settings = project_settings()
    bounds = Bounds.from_settings(settings)
    named = address.kind != "other"
    many = one_of_many(address.url, archive.frontier.variants(address.url), bounds, named=named)
    return deep(address.url, bounds) or many


def robots(host: HostRow | None, url: str) -> RobotsRules | None:
    """What the host's robots.txt, as it was last fetched, says of a URL; ``None`` when it never was."""
    if host is None or host["robots_at"] is None:
        return None
    from protego import Protego

    status, text = host["robots_status"], host["robots"]
    allowed, gap = True if status is not None and has_no_rules(status) else None, 0.0
    if text is not None:
        rules = Protego.parse(text)
        allowed, gap = rules.can_fetch(url, AGENT), requested_delay(rules, AGENT)
    return {"fetched_at": host["robots_at"], "status": status, "allowed": allowed, "gap": gap}


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
        case "todo":
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
            f"  {entry['discovered_at'][:19]}Z by road {entry['road']}{where}",
        ]
        lines.append(f"  {entry['kind']}, {entry['language'] or 'any language'}, {entry['section'] or 'any section'}")
    if report["robots"]:
        lines += ["", style("robots.txt", bold=True), f"  {_rules(report['robots'])}"]
    if report["left_alone_until"]:
        lines += ["", f"The site asks to be left alone until {report['left_alone_until']}."]
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
        lines += [f"  {field:14} by {rung}" for field, rung in article["rungs"].items()]
        lines += [f"  due again at {due['due_at']} under {due['url']}" for due in article["due"]]
    return lines


def _rules(robots: RobotsRules) -> str:
    said = {True: "allowed it", False: "forbade it", None: "could not be had, so nothing was asked for"}[
        robots["allowed"]
    ]
    none = f", for it answered {robots['status']}" if robots["status"] not in (None, 200) else ""
    gap = f"; wanted {robots['gap']:g} s between two requests" if robots["gap"] else ""
    return f"{said} at {robots['fetched_at']}{none}{gap}"


def _answer(capture: ExplainedCapture) -> str:
    if capture["error"]:
        return str(capture["error"])
    led = f" after a redirect to {capture['final_url']}" if capture["final_url"] else ""
    reserved = "".join(
        f", {name} reserved ({place})" for name, place in capture["reservations"].items() if place in PLACES
    )
    size = f"{capture['size']:,} bytes of {capture['media_type'] or 'unsaid type'}"
    return f"{capture['status']}, {size}{led}{reserved}"
