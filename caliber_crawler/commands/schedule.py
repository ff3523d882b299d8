"""``caliber schedule``."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from caliber_crawler.commands.options import archive_option

CONTACT = "you@example.org"

CRONTAB = """\
# Every {every} minutes: crontab -e
CALIBER_CONTACT={contact}
{minutes} cd {folder} && {command} >> {log} 2>&1
"""
SYSTEMD = """\
# ~/.config/systemd/user/caliber-{site}.service
[Unit]
Description=Crawl what is due on {site}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory={folder}
Environment=CALIBER_CONTACT={contact}
ExecStart={command}
# Interrupted, a crawl stops cleanly and the next one goes on where it was.
KillSignal=SIGINT
TimeoutStopSec=60

# ~/.config/systemd/user/caliber-{site}.timer
[Unit]
Description=Crawl {site} every {every} minutes

[Timer]
OnCalendar={calendar}
RandomizedDelaySec=60
Persistent=true

[Install]
WantedBy=timers.target

# systemctl --user enable --now caliber-{site}.timer
# loginctl enable-linger        (so that it runs while nobody is logged in)
"""
GITHUB = """\
# .github/workflows/crawl.yml: the archive is kept on the branch `archive`, fetched before and pushed after each crawl.
# GitHub takes no file above 100 MB: past that, keep the archive elsewhere.
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
      - run: git fetch --depth 1 origin archive && git worktree add kept FETCH_HEAD || mkdir kept
      - run: timeout --signal INT 330m {command}
        env:
          CALIBER_CONTACT: ${{{{ vars.CALIBER_CONTACT }}}}
      - if: always()
        env:
          REMOTE: https://x-access-token:${{{{ github.token }}}}@github.com/${{{{ github.repository }}}}
        run: |
          cd kept
          test -e .git && rm -f .git || true
          git init --quiet --initial-branch archive
          git add .
          git -c user.name=crawl -c user.email=crawl@users.noreply.github.com commit --quiet -m "Crawl"
          git push --force "$REMOTE" archive
"""
FORMATS: dict[str, str] = {"crontab": CRONTAB, "systemd": SYSTEMD, "github": GITHUB}


@click.command()
@click.argument("site", default="caliber")
@archive_option
@click.option(
    "--format", "form", type=click.Choice([*FORMATS, "all"]), default="all", show_default=True, help="What to print."
)
@click.option(
    "--every", type=click.IntRange(5, 1440), default=30, show_default=True, help="Minutes between two crawls."
)
@click.option("--notify", default="", metavar="URL", help="Post each summary as JSON to this address.")
def schedule(site: str, archive: Path, form: str, every: int, notify: str) -> None:
    """Print what makes this machine, or GitHub, crawl what is due on SITE by itself.

    Nothing is installed. Two crawls never run at once: the second refuses with a sentence.

    \b
    Example:
      caliber schedule --format crontab --every 60
    """
    wanted: list[str] = list(FORMATS) if form == "all" else [form]
    click.echo("\n".join(_filled(name, site, archive, every, notify) for name in wanted), nl=False)


def _filled(name: str, site: str, archive: Path, every: int, notify: str) -> str:
    here = name != "github"
    program = [*_program()] if here else ["caliber"]
    kept = archive.absolute() if here else Path("kept") / archive.name
    words = [*program, "crawl", site, "--due", "--archive", str(kept), *(["--notify", notify] if notify else [])]
    quote: Callable[[str], str] = _systemd_quoted if name == "systemd" else shlex.quote
    command = " ".join(map(quote, words))
    return FORMATS[name].format(
        site=site,
        every=every,
        minutes=cron_minutes(every),
        calendar=calendar(every),
        folder=quote(str(Path.cwd())),
        log=shlex.quote(str(archive.absolute().with_suffix(".log"))),
        contact=CONTACT,
        command=command.replace("%", "\\%") if name == "crontab" else command,
    )


def cron_minutes(every: int) -> str:
    """The first five fields of a crontab line for about every so many minutes; past an hour, whole hours."""
    if every < 60:
        return f"*/{every} * * * *"
    hours = min(round(every / 60), 24)
    return "7 0 * * *" if hours == 24 else f"7 */{hours} * * *"


def calendar(every: int) -> str:
    """The same for systemd."""
    if every < 60:
        return f"*:0/{every}"
    hours = min(round(every / 60), 24)
    return "*-*-* 00:07" if hours == 24 else f"*-*-* 00/{hours}:07"


def _program() -> list[str]:
    found = shutil.which("caliber")
    return [found] if found else [sys.executable, "-m", "caliber_crawler"]


def _systemd_quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(character in word for character in " '\"\\;") else escaped
