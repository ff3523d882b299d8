"""Everything known about a URL: discovery, captures, verdict, robots.txt rules, and reasons with their remedies."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, cast
from urllib.parse import urlsplit

from caliber_crawler.archive import Archive, Explanation
from caliber_crawler.archive.core.rows import FrontierRow, HostRow
from caliber_crawler.archive.reports.explanation import ExplainedArticle, ExplainedCapture, ExplainedProblem
from caliber_crawler.crawling.traps import Bounds, Trap, url_trap, variant_trap
from caliber_crawler.exploration.templates import template
from caliber_crawler.quantity import quantity
from caliber_crawler.reasons import reason_of
from caliber_crawler.site import ArticleURL, Site, SiteRegistry
from caliber_crawler.throttle import ROBOTS_AGENT, Throttle, means_no_robots, parse_robots, requested_delay


class RobotsRules(TypedDict):
    """The rules of a host's robots.txt for a URL."""

    fetched_at: str
    """ISO 8601 in UTC."""
    status: int | None
    allowed: bool | None
    """``None`` if robots.txt is unavailable, so that nothing may be fetched."""
    delay: float
    """Requested seconds between two requests; 0.0 for no request."""


class ReportedProblem(ExplainedProblem):
    """A problem with the meaning of its reason code; ``None`` for a code that this version does not know."""

    meaning: str | None
    remedy: str | None


class UrlReport(TypedDict):
    """Everything that ``caliber explain`` prints about a URL."""

    url: str
    site: str | None
    names_an_article: bool
    taken_down: bool
    trap: str | None
    """The reason code of the trap rule that excludes the URL, if any."""
    verdict: str
    reason: str | None
    """The reason code behind the verdict: why the URL is refused, failed, gone or excluded."""
    meaning: str | None
    """The meaning of ``reason``."""
    remedy: str | None
    """What the operator can do about ``reason``."""
    evidence: list[str]
    """Why the URL was or was not taken for an article: one sentence for each fact."""
    robots: RobotsRules | None
    retry_after: str | None
    frontier: FrontierRow | None
    captures: list[ExplainedCapture]
    """The newest first."""
    problems: list[ReportedProblem]
    """The newest first."""
    article: ExplainedArticle | None


TAKEN_DOWN = "Taken down on request (caliber takedown): its content was deleted, and it is not fetched again."


def report_url(url: str, archive: Archive, sites: SiteRegistry, bounds: Bounds, now: datetime) -> UrlReport:
    """The report on a URL. ``sites`` are the sites as they were crawled, ``bounds`` those of the trap settings."""
    site = _site_of(url, archive, sites)
    normal = site.normal_url(url) if site else url
    known = archive.explain(list(dict.fromkeys((normal, url))))
    article_url = site.article_url(url) if site else None
    taken_down = article_url is not None and site is not None and archive.takedowns.covers(site.name, [article_url])
    entry = known["frontier"]
    requested = (entry["request_url"] if entry else None) or (site.requested_url(url) if site else url)
    trap = _trap(article_url, archive, bounds) if article_url is not None else None
    wait = Throttle(archive.hosts).retry_after(site.host, now) if site else None
    reason = None if taken_down else reason_behind(known, trap)
    meaning, remedy = _meaning_and_remedy(reason)
    return {
        "url": normal,
        "site": site.name if site else None,
        "names_an_article": article_url is not None,
        "taken_down": taken_down,
        "trap": trap.code if trap else None,
        "verdict": TAKEN_DOWN if taken_down else verdict(known, site, names_article=article_url is not None, trap=trap),
        "reason": reason,
        "meaning": meaning,
        "remedy": remedy,
        "evidence": evidence_of(normal, known, archive, site) if site else [],
        "robots": robots_rules(archive.hosts.get(urlsplit(requested).netloc), requested),
        "retry_after": f"{wait.until:%Y-%m-%dT%H:%M:%SZ}" if wait else None,
        "frontier": known["frontier"],
        "captures": known["captures"],
        "problems": [_with_meaning(problem) for problem in known["problems"]],
        "article": known["article"],
    }


def evidence_of(url: str, known: Explanation, archive: Archive, site: Site) -> list[str]:
    """Why a URL was or was not taken for an article: what led to it, its shape, and what was found on the page."""
    entry, article = known["frontier"], known["article"]
    found = []
    if entry is not None:
        where = f" on {entry['discovered_on']}" if entry["discovered_on"] else ""
        found.append(f"It was named by {entry['discovered_via']}{where}.")
    is_match = site.article_url(url) is not None
    pattern = "the definition's article_path" if site.has_layouts else "the usual shapes of article URLs"
    found.append(f"The URL {'matches' if is_match else 'does not match'} {pattern}.")
    shape = template(url)
    same = [is_article for other, is_article in archive.sites.visited_urls(site.name) if template(other) == shape]
    if same:
        found.append(f"Of the {quantity(len(same), 'fetched URL')} of the same shape, {sum(same):,} are articles.")
    refusals = [problem["message"] for problem in known["problems"] if problem["fatal"]]
    if article is not None:
        methods = ", ".join(
            f"{name} by {article['methods'][name]}"
            for name in ("headline", "published_at", "body")
            if name in article["methods"]
        )
        found.append(f"The page is an article: {methods}.")
    elif refusals:
        found.append(f"The page was not taken: {refusals[0]}")
    elif known["captures"] and entry is not None and entry["kind"] != "article":
        found.append(f"The page was fetched as a {entry['kind']}, not as an article.")
    return found


def _site_of(url: str, archive: Archive, sites: SiteRegistry) -> Site | None:
    """The site of a URL; ``None`` for a site without a definition that was never crawled."""
    try:
        site = sites.site_of(url)
    except ValueError:
        return None
    return site if site.name in sites or archive.sites.get(site.name) else None


def _trap(article_url: ArticleURL, archive: Archive, bounds: Bounds) -> Trap | None:
    """The trap rule that would exclude a URL if a list contained it now."""
    named = article_url.kind != "other"
    variants = archive.frontier.count_query_variants(article_url.url)
    return url_trap(article_url.url, bounds) or variant_trap(article_url.url, variants, bounds, named=named)


def _meaning_and_remedy(code: str | None) -> tuple[str, str] | tuple[None, None]:
    """The meaning and the remedy of a reason code."""
    try:
        return reason_of(code) if code else (None, None)
    except KeyError:
        return (None, None)


def _with_meaning(problem: ExplainedProblem) -> ReportedProblem:
    meaning, remedy = _meaning_and_remedy(problem["reason"])
    return cast(ReportedProblem, problem | {"meaning": meaning, "remedy": remedy})


def robots_rules(host: HostRow | None, url: str) -> RobotsRules | None:
    """The rules of a host's last known robots.txt for a URL; ``None`` if it was never fetched."""
    if host is None or host["robots_at"] is None:
        return None
    status, text = host["robots_status"], host["robots"]
    allowed, delay = True if status is not None and means_no_robots(status) else None, 0.0
    if text is not None:
        rules = parse_robots(text)
        allowed, delay = rules.can_fetch(url, ROBOTS_AGENT), requested_delay(rules, ROBOTS_AGENT)
    return {"fetched_at": host["robots_at"], "status": status, "allowed": allowed, "delay": delay}


def reason_behind(known: Explanation, trap: Trap | None = None) -> str | None:
    """The reason code of a URL that is refused, failed, gone or excluded by a trap rule."""
    entry = known["frontier"]
    if entry is None:
        return trap.code if trap and known["article"] is None else None
    if entry["state"] == "gone":
        fatal = next((problem["reason"] for problem in known["problems"] if problem["fatal"]), None)
        return fatal or (f"http_{entry['last_status']}" if entry["last_status"] else None)
    return entry["reason"]


def verdict(known: Explanation, site: Site | None, *, names_article: bool, trap: Trap | None = None) -> str:
    """The outcome of a URL and its next visit, in one or two sentences."""
    entry, article = known["frontier"], known["article"]
    if entry is None and article is None:
        if site is None:
            return "The URL belongs to no known site."
        if not names_article:
            if not site.has_layouts:
                return f"Never queued: no fetched page of {site.title} names the URL as an article."
            return f"Never queued: the definition of {site.title} does not match the URL as an article."
        if trap is not None:
            return f"Never queued: {trap.clause} ({trap.code})."
        return (
            "Unknown URL: no fetched page links to it, or it was out of scope (section, language, dates)."
            " `caliber crawl --urls` fetches it."
        )
    identity = f"Article {article['id']}." if article else ""
    if entry is None:
        elsewhere = _due_elsewhere(article)
        return f"{identity} It is {elsewhere}." if elsewhere else f"{identity} None of its URLs is due."
    return " ".join(filter(None, (identity, _state(entry, article, reason_behind(known)))))


def _state(entry: FrontierRow, article: ExplainedArticle | None, reason: str | None) -> str:
    due = _due(entry, article)
    match entry["state"]:
        case "queued":
            return f"Not fetched yet: {due}."
        case "refused" if reason == "robots":
            return f"Not fetched, because robots.txt disallows it: {due}."
        case "refused":
            return f"Refused ({reason}): {due}."
        case "failed":
            times = "once" if entry["failures"] == 1 else f"{quantity(entry['failures'], 'time')} in a row"
            return f"Failed {times} ({reason}): {due}."
        case "gone":
            return f"Gone at the last visit, {entry['visited_at']} ({reason or 'unknown reason'}): {due}."
    if entry["visited_at"] is None:
        return f"Never fetched at this URL: {due}."
    if article is None and entry["kind"] == "article":
        return f"Last fetched at {entry['visited_at']}, without an article: {due}."
    return f"Last fetched at {entry['visited_at']}: {due}."


def _due(entry: FrontierRow, article: ExplainedArticle | None) -> str:
    if entry["due_at"]:
        return f"due at {entry['due_at']}"
    if entry["kind"] != "article":
        return "due in every crawl that uses its discovery source"
    return _due_elsewhere(article) or "not due again"


def _due_elsewhere(article: ExplainedArticle | None) -> str | None:
    """When an article is due at another of its URLs."""
    due = article["due"][0] if article and article["due"] else None
    return f"due at {due['due_at']} at {due['url']}" if due else None
