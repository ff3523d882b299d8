"""``caliber schedule``."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import click

from caliber_crawler.commands.crawl_options import SITE_OPTIONS, command_line, takes
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.options import CrawlOptions
from caliber_crawler.cron import cron_fields, interval_name, nearest, systemd_calendar
from caliber_crawler.interpreter import python_command
from caliber_crawler.spiders import DEFAULT_SITE

CONTACT = "you@example.org"
PASSED_ON = ("CALIBER_SPIDERS", "CALIBER_DEFINITIONS", "CALIBER_CHROMIUM")
"""Environment variables that are passed on to the scheduled crawl if they are set."""
WHEEL = r"caliber_crawler-[\w.+!-]+\.whl"
PINNED = (
    re.compile(rf"\A(?![/-])(?:(?!\.\./)[\w.+-]+/)*{WHEEL}", re.ASCII),
    re.compile(rf"\Ahttps://[\w.-]+(?::\d+)?/(?:[\w.+~%-]+/)*{WHEEL}#sha256=[0-9a-f]{{64}}", re.ASCII),
    re.compile(r"git\+https://[\w.-]+(?::\d+)?/[\w./+~-]+@[0-9a-f]{40}", re.ASCII),
)
"""What pip installs unchanged: a wheel in the repository, a wheel with its hash, a commit."""
HOW_TO_INSTALL = (
    "Commit a wheel (`make wheel`) to the repository and name its path, or name a wheel's URL with #sha256=…, or"
    " git+https://HOST/OWNER/NAME@COMMIT with all 40 digits."
)

CRONTAB = """\
# Every {every}, in the time zone of the machine: crontab -e
{environment}
{fields} cd {folder} && {command} >> {log} 2>&1
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
Description=Crawl {site} every {every}, in the time zone of the machine

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
    - cron: "{fields}"  # every {every}, in UTC
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
      - run: |
          pip install {install}
      - id: fetch
        run: |
          # Only a missing branch means a new archive. If anything else fails, the job ends and the branch stays.
          status=0
          git ls-remote --exit-code --heads origin refs/heads/archive || status=$?
          if [ "$status" = 0 ]; then
            git fetch --no-tags --depth 1 origin refs/heads/archive
            git worktree add --detach stored FETCH_HEAD
            test -s stored/{file} || {{
              echo "The branch archive has no archive. Push a backup to it, or delete the branch to begin anew."
              exit 1
            }}
            git rev-parse FETCH_HEAD > "$RUNNER_TEMP/fetched"
          elif [ "$status" = 2 ]; then
            mkdir stored
            : > "$RUNNER_TEMP/fetched"
          else
            exit "$status"
          fi
      - run: |
          timeout --signal INT 330m {command}
        env:
          CALIBER_CONTACT: ${{{{ vars.CALIBER_CONTACT }}}}
{environment}      - if: always() && steps.fetch.outcome == 'success'
        env:
          REMOTE: https://x-access-token:${{{{ github.token }}}}@github.com/${{{{ github.repository }}}}
        run: |
          cd stored
          test -s {file} || {{ echo "The crawl has created no archive: see the step before."; exit 1; }}
          rm -f .git
          git init --quiet --initial-branch archive
          git add .
          git -c user.name=crawl -c user.email=crawl@users.noreply.github.com commit --quiet -m "Crawl"
          # Refused if the branch is no longer the one that was fetched, or exists although none was fetched.
          git push --force-with-lease="archive:$(cat "$RUNNER_TEMP/fetched")" "$REMOTE" archive
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
    "--notify",
    default="",
    metavar="TARGET",
    envvar="CALIBER_NOTIFY",
    help="Send a message to this target when the state of a site changes.",
)
@click.option(
    "--install",
    default="",
    metavar="WHAT",
    help="What the GitHub workflow installs: the path of a wheel in the repository, the URL of a wheel with its hash"
    " (https://…/NAME.whl#sha256=…), or a commit (git+https://HOST/OWNER/NAME@COMMIT).",
)
@takes(CrawlOptions, SITE_OPTIONS)
def schedule(
    options: CrawlOptions, site: str, archive: Path, format_name: str, every: int, notify: str, install: str
) -> None:
    """Print a crontab line, a systemd timer and a GitHub workflow that run `caliber crawl SITE --due`.

    Nothing is installed. Two crawls of an archive never run at the same time: the second ends with an error. An
    interval that cron cannot keep is rounded to the nearest one that it can. cron and systemd use the time zone of the
    machine, GitHub uses UTC. A workflow is only printed with --install, because nobody owns the package's name in
    the public index yet.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber schedule --format crontab --every 60
      caliber schedule --format github --install wheels/caliber_crawler-0.1.0-py3-none-any.whl
    """
    from caliber_crawler.known_sites import known_spiders, project_settings, spider_among

    options.scope(spider_among(known_spiders(project_settings()), site).site)
    names: list[str] = list(FORMATS) if format_name == "all" else [format_name]
    if install:
        _require_pinned(install)
    elif format_name == "github":
        raise click.UsageError(f"A GitHub workflow needs --install. {HOW_TO_INSTALL}")
    elif "github" in names:
        names.remove("github")
        echo(f"The GitHub workflow is left out: it needs --install. {HOW_TO_INSTALL}", err=True)
    crawl = ["crawl", site, "--due", *command_line(options)]
    echo("\n".join(_fill(name, crawl, archive, every, notify, install) for name in names), nl=False)


def _require_pinned(install: str) -> None:
    """Raise ``UsageError`` unless ``pip install`` gets the same files each time, whoever owns a name in an index."""
    if not any(form.fullmatch(install) for form in PINNED):
        raise click.UsageError(f"--install {install} is not one pinned version. {HOW_TO_INSTALL}")


def _fill(name: str, crawl: list[str], archive: Path, every: int, notify: str, install: str) -> str:
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
        every=interval_name(nearest(every)),
        fields=cron_fields(every),
        calendar=systemd_calendar(every),
        folder=_folder(name, str(Path.cwd())),
        log=_escape_for_crontab(shlex.quote(str(archive.absolute().with_suffix(".log")))),
        environment=ENVIRONMENTS[name](notify),
        command=commands.get(name, command),
        file=shlex.quote(archive.name),
        install=shlex.quote(install if "://" in install else f"./{install}"),
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


def _program() -> list[str]:
    found = shutil.which("caliber")
    return [found] if found else python_command("-m", "caliber_crawler")


def _escape_for_crontab(command: str) -> str:
    return command.replace("%", "\\%")


def _quote_for_systemd(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if any(character in word for character in " '\"\\;") else escaped
