"""``caliber explain``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo, style
from caliber_crawler.errors import SiteError
from caliber_crawler.quantity import quantity
from caliber_crawler.site.urls import are_spellings, is_http_url

if TYPE_CHECKING:
    from caliber_crawler.archive.reports.explanation import ExplainedCapture
    from caliber_crawler.url_report import RobotsRules, UrlReport

OPT_OUT_PLACES = ("header", "page", "site")
"""The places of an opt-out that are printed."""


@click.command()
@click.argument("url")
@archive_option
@json_option
def explain(url: str, archive: Path, *, as_json: bool) -> None:
    """Print everything known about a URL: discovery, outcome, due date, and each reason code with its remedy.

    \b
    Example:
      caliber explain https://caliber.az/en/post/baku-s-geopolitical-formula
    """
    from caliber_crawler.archive import Archive
    from caliber_crawler.commands.archived_sites import archived_sites
    from caliber_crawler.crawling.traps import Bounds
    from caliber_crawler.known_sites import project_settings
    from caliber_crawler.url_report import report_url

    if "://" in url and not is_http_url(url):
        raise SiteError(f"{url!r} is not the URL of a web page; write it as https://example.org/page.")
    bounds = Bounds.from_settings(project_settings())
    with Archive.open(archive) as opened:
        report = report_url(url, opened, archived_sites(opened), bounds, datetime.now(UTC))
    if as_json:
        echo_json(report)
    else:
        echo("\n".join(_lines(report)))


def _lines(report: UrlReport) -> list[str]:
    lines = [style(report["url"], bold=True), report["verdict"]]
    entry, article = report["frontier"], report["article"]
    if reasons := _reasons(report):
        lines += ["", style("Reasons", bold=True), *reasons]
    if report["evidence"]:
        lines += ["", style("Article or not", bold=True), *(f"  {sentence}" for sentence in report["evidence"])]
    if entry:
        where = f" on {entry['discovered_on']}" if entry["discovered_on"] else " (seed URL)"
        lines += ["", style("Discovered", bold=True)]
        lines.append(f"  {entry['discovered_at'][:19]}Z via {entry['discovered_via']}{where}")
        lines.append(f"  {entry['kind']}, {entry['language'] or 'any language'}, {entry['section'] or 'any section'}")
    if report["robots"]:
        lines += ["", style("robots.txt", bold=True), f"  {_rules(report['robots'])}"]
    if report["retry_after"]:
        lines += ["", f"Retry-After: no requests to the site until {report['retry_after']}."]
    if report["captures"]:
        lines += ["", style("Captures", bold=True)]
        lines += [f"  {capture['fetched_at']}  {_outcome(capture)}" for capture in report["captures"]]
    if report["problems"]:
        lines += ["", style("Problems", bold=True)]
        lines += [
            f"  {problem['noted_at']}  {problem['reason']}: {problem['message']}" for problem in report["problems"]
        ]
    if article:
        lines += ["", style(f"Extracted (layout {article['layout']}, {article['extractor']})", bold=True)]
        lines += [f"  {field:14} by {method}" for field, method in article["methods"].items()]
        lines += [f"  due at {due['due_at']}: {due['url']}" for due in article["due"]]
    return lines


def _reasons(report: UrlReport) -> list[str]:
    """A line for each reason code of the report, with its meaning and remedy."""
    codes = {report["reason"]: (report["meaning"], report["remedy"])}
    codes |= {problem["reason"]: (problem["meaning"], problem["remedy"]) for problem in report["problems"]}
    return [f"  {code}: {meaning} {remedy}" for code, (meaning, remedy) in codes.items() if meaning]


def _rules(robots: RobotsRules) -> str:
    rule = {True: "allowed", False: "disallowed", None: "unavailable, so nothing is fetched"}[robots["allowed"]]
    status = f" (status {robots['status']})" if robots["status"] not in (None, 200) else ""
    delay = f"; requests {robots['delay']:g} s between two requests" if robots["delay"] else ""
    return f"{rule}, fetched at {robots['fetched_at']}{status}{delay}"


def _outcome(capture: ExplainedCapture) -> str:
    if capture["error"]:
        return str(capture["error"])
    redirect = ""
    if capture["final_url"]:
        same = are_spellings(capture["url"], capture["final_url"])
        redirect = f" {'at' if same else 'after a redirect to'} {capture['final_url']}"
    opt_outs = "".join(
        f", opt-out {name} ({place})" for name, place in capture["opt_outs"].items() if place in OPT_OUT_PLACES
    )
    size = f"{quantity(capture['size'], 'byte')} of {capture['media_type'] or 'an unknown media type'}"
    return f"{capture['status']}, {size}{redirect}{opt_outs}"
