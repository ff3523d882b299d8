"""``caliber schedule``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from caliber_crawler.commands.crawl_options import SITE_OPTIONS, command_line, takes
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.spiders import DEFAULT_SITE

CONTACT = "you@example.org"
PASSED_ON = ("CALIBER_SPIDERS", "CALIBER_CHROMIUM")
"""Environment variables that are passed on to the scheduled crawl if they are set."""
MINUTES = (5, 6, 10, 12, 15, 20, 30, *(60 * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24)))
"""Intervals in minutes that cron can keep: other intervals restart with each hour or day."""

CRONTAB = """\
# Every {every}: crontab -e
{environment}
{minutes} cd {folder} && {command} >> {log} 2>&1
"""
SYSTEMD = """\
# ~/.config/systemd/user/{unit}.service
[Unit]
Description=Crawl {site}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
{environment}
ExecStart={command}
# An interrupted crawl stops cleanly; the next one resumes where it left off.
KillSignal=SIGINT
TimeoutStopSec=60

# ~/.config/systemd/user/{unit}.timer
[Unit]
Description=Crawl {site} every {every}

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target

# systemctl --user enable --now {unit}.timer
# loginctl enable-linger        (so that it runs while nobody is logged in)
"""
GITHUB = """\
# .github/workflows/crawl.yml: the archive is kept on the branch `archive`, fetched before and pushed after each crawl.
# GitHub refuses files above 100 MB: keep a larger archive elsewhere. Everyone with access to the repository can read
# the branch, which includes pages under a rights reservation: keep the repository private.
name: crawl
on:
  schedule:
    - cron: "{minutes}"
  workflow_dispatch:
concurrency:
  group: crawl
  cancel-in-progress: false
permissions:
  contents: write
jobs:
  crawl:
    runs-on: ubuntu-latest
    timeout-minutes: 350
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.13"
      - run: pip install caliber-crawler
      - run: git fetch --depth 1 origin archive && git worktree add stored FETCH_HEAD || mkdir stored
      - run: timeout --signal INT 330m {command}
        env:
          CALIBER_CONTACT: ${{{{ vars.CALIBER_CONTACT }}}}
{environment}      - if: always()
        env:
          REMOTE: https://x-access-token:${{{{ github.token }}}}@github.com/${{{{ github.repository }}}}
        run: |
          cd stored
          test -e .git && rm -f .git || true
          git init --quiet --initial-branch archive
          git add .
          git -c user.name=crawl -c user.email=crawl@users.noreply.github.com commit --quiet -m "Crawl"
          git push --force "$REMOTE" archive
"""
FORMATS: dict[str, str] = {"crontab": CRONTAB, "systemd": SYSTEMD, "github": GITHUB}


@click.command()
@click.argument("site", default=DEFAULT_SITE)
@archive_option
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*FORMATS, "all"]),
    default="all",
    show_default=True,
    help="What to print.",
)
@click.option(
    "--every", type=click.IntRange(5, 1440), default=30, show_default=True, help="Minutes between two crawls."
)
@click.option(
    "--notify", default="", metavar="URL", envvar="CALIBER_NOTIFY", help="Post each summary as JSON to this URL."
)
@takes(CrawlOptions, SITE_OPTIONS)
def schedule(options: CrawlOptions, site: str, archive: Path, format_name: str, every: int, notify: str) -> None:
    """Print a crontab line, a systemd timer and a GitHub workflow that run `caliber crawl SITE --due`.

    Nothing is installed. Two crawls of an archive never run at the same time: the second ends with an error. An
    interval that cron cannot keep is rounded to the nearest one that it can.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber schedule --format crontab --every 60
    """
    from caliber_crawler.known_sites import known_spiders, project_settings, spider_among

    options.scope(spider_among(known_spiders(project_settings()), site).site)
    names: list[str] = list(FORMATS) if format_name == "all" else [format_name]
    echo(
        "\n".join(
            _fill(name, ["crawl", site, "--due", *command_line(options)], archive, every, notify) for name in names
        ),
        nl=False,
    )


def _fill(name: str, crawl: list[str], archive: Path, every: int, notify: str) -> str:
    site = crawl[1]
    is_local = name != "github"
    program = [*_program()] if is_local else ["caliber"]
    stored = archive.absolute() if is_local else Path("stored") / archive.name
    words = [*program, *crawl, "--archive", str(stored)]
    quote: Callable[[str], str] = _quote_for_systemd if name == "systemd" else shlex.quote
    command = " ".join(map(quote, words))
    commands = {"crontab": _escape_for_crontab(command), "systemd": command.replace("$", "$$")}
    return FORMATS[name].format(
        site=site,
        unit="caliber-" + re.sub(r"[^\w.-]+", "-", site.partition("://")[2] or site),
        every=_describe(nearest(every)),
        minutes=cron_minutes(every),
        calendar=calendar(every),
        folder=_folder(name, str(Path.cwd())),
        log=_escape_for_crontab(shlex.quote(str(archive.absolute().with_suffix(".log")))),
        environment=ENVIRONMENTS[name](notify),
        command=commands.get(name, command),
    )


def _folder(name: str, folder: str) -> str:
    # systemd takes the whole line as the path, quotation marks included.
    return folder.replace("%", "%%") if name == "systemd" else _escape_for_crontab(shlex.quote(folder))


def _variables(notify: str) -> dict[str, str]:
    """Environment variables of the crawl. The URL of a webhook may be a secret, so it is not on the command line."""
    contact = {"CALIBER_CONTACT": os.environ.get("CALIBER_CONTACT") or CONTACT}
    sites = (*PASSED_ON, "PYTHONPATH") if os.environ.get("CALIBER_SPIDERS") else PASSED_ON
    passed_on = {name: value for name in sites if (value := os.environ.get(name))}
    return contact | passed_on | ({"CALIBER_NOTIFY": notify} if notify else {})


def _for_crontab(notify: str) -> str:
    return "\n".join(f'{name}="{value}"' for name, value in _variables(notify).items())


def _for_systemd(notify: str) -> str:
    return "\n".join(f"Environment={_quote_for_systemd(f'{n}={value}')}" for n, value in _variables(notify).items())


def _for_github(notify: str) -> str:
    """The variable of the webhook as a repository secret, because a workflow is visible to everyone."""
    return "          CALIBER_NOTIFY: ${{ secrets.CALIBER_NOTIFY }}\n" if notify else ""


ENVIRONMENTS: dict[str, Callable[[str], str]] = {
    "crontab": _for_crontab,
    "systemd": _for_systemd,
    "github": _for_github,
}


def nearest(every: int) -> int:
    """The interval that cron can keep, nearest to ``every`` minutes."""
    return min(MINUTES, key=lambda minutes: abs(minutes - every))


def _describe(minutes: int) -> str:
    if minutes < 60:
        return f"{minutes} minutes"
    return {60: "hour", 1440: "day"}.get(minutes, f"{minutes // 60} hours")


def cron_minutes(every: int) -> str:
    """The first five fields of a crontab line for about ``every`` minutes; above an hour, whole hours."""
    minutes = nearest(every)
    if minutes < 60:
        return f"*/{minutes} * * * *"
    hours = minutes // 60
    return {1: "7 * * * *", 24: "7 0 * * *"}.get(hours, f"7 */{hours} * * *")


def calendar(every: int) -> str:
    """The ``OnCalendar`` value of a systemd timer for about ``every`` minutes."""
    minutes = nearest(every)
    if minutes < 60:
        return f"*:0/{minutes}"
    hours = minutes // 60
    return {1: "*-*-* *:07", 24: "*-*-* 00:07"}.get(hours, f"*-*-* 00/{hours}:07")


def _program() -> list[str]:
    found = shutil.which("caliber")
    return [found] if found else [sys.executable, "-m", "caliber_crawler"]


def _escape_for_crontab(command: str) -> str:
    return command.replace("%", "\\%")


def _quote_for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(character in word for character in " '\"\\;") else escaped
