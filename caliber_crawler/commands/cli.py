"""The ``caliber`` command. Each subcommand is a module of this package, imported only when it is called."""

from __future__ import annotations

import errno
import importlib
from typing import Any

import click

from caliber_crawler import __version__, check_platform
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CaliberError, InputError
from caliber_crawler.interpreter import isolate

COMMANDS = {
    "crawl": "fetch new articles and revisit those that are due",
    "explain": "print everything known about a URL",
    "learn": "learn a site's layout from its pages and write its site definition",
    "doctor": "test a site definition against the live site in about a dozen requests",
    "schedule": "print a crontab line, a systemd timer and a GitHub workflow for a crawl",
    "watch": "run as a daemon and crawl on a schedule",
    "cluster": "crawl with many machines: queue, workers, shards",
    "ingest": "ingest saved pages, web archives and lists of URLs",
    "extract": "extract pages to JSON without storing them",
    "record": "save a page as a test fixture with a draft of the expected result",
    "show": "print one article and everything known about it",
    "history": "print every version of an article, its changes and its views over time",
    "cite": "print a citation of an article, with the SHA-256 that verifies it",
    "search": "find articles by words",
    "words": "words in context: concordance, collocates, word lists, keyness, n-grams",
    "attention": "count the articles that match queries, per day, week or month",
    "views": "print the most viewed articles at the same age",
    "alerts": "saved searches whose new matches are sent after each crawl",
    "editions": "find articles of the same story in other languages, and list them",
    "copies": "find near-duplicates and excerpts, and list them",
    "names": "find people, places and organizations in texts, and who said what",
    "sample": "draw a random sample of articles and write a coding sheet",
    "codes": "content analysis: codebook, import of coding sheets, agreement of coders",
    "status": "print the contents of the archive, the latest runs, and problems by reason",
    "browse": "open the archive in Datasette",
    "export": "write articles as tables, texts, corpora, a data package, a feed, web archives, or a light archive",
    "check-package": "verify a data package against its hashes and an archive",
    "reextract": "re-extract stored pages with the current code",
    "split": "undo a wrong join: divide an article into those to which its pages belong",
    "verify": "check every byte of the archive; repair what can be repaired",
    "backup": "make a verified copy of the archive, also during a crawl",
    "cold": "move old pages to WARC files in cold storage; list and locate these",
    "bulk": "extract whole web archives, in many processes or on many machines",
    "merge": "merge other archives into this one",
    "migrate": "upgrade an archive of an earlier version; a copy is kept",
    "takedown": "delete an article from every table, index and page, and block it",
    "demo": "crawl the built-in demo site and print the results",
}


UNUSABLE_PATHS = (errno.ENAMETOOLONG, errno.ELOOP, errno.EACCES, errno.ENOTDIR)
"""Errors of the system about a path that a user gave, wherever it is used first."""
MAX_SHOWN = 80


def shortened(path: str) -> str:
    """A path for a message; a page in the place of its name may be very long."""
    return path if len(path) <= MAX_SHOWN else f"{path[:MAX_SHOWN]}…"


class LazyGroup(click.Group):
    """A group that imports a command only when it is called, and prints a :class:`CaliberError` as a message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"caliber_crawler.commands.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            check_platform()
        except RuntimeError as error:
            raise SystemExit(f"Error: {error}") from None
        isolate()
        return super().__call__(*arguments, **options)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CaliberError as error:
            echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)
        except OSError as error:
            if error.errno not in UNUSABLE_PATHS or not isinstance(error.filename, str):
                raise
            echo(f"Error: {shortened(error.filename)} cannot be used: {error.strerror}.", err=True)
            ctx.exit(InputError.exit_code)


FIRST_STEPS = f"""caliber {__version__}: a news archiver.

Begin here:
  caliber demo                                    crawl a built-in site, without the network
  caliber browse --archive data/demo.db --open    view the result in a web browser

Then crawl a real site. Its operators must be able to contact you:
  export CALIBER_CONTACT=you@example.org
  caliber crawl https://news.example.org --limit 50
  caliber status                                  the archive's contents, and each problem with its reason
  caliber browse --open

`caliber --help` lists all commands, `caliber crawl --help` explains one."""


def show_versions(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Print the versions that matter in the report of a problem."""
    if value and not ctx.resilient_parsing:
        from caliber_crawler.archive.core.format import VERSION
        from caliber_crawler.software import versions_in_short

        echo(f"caliber {__version__} (archives of version {VERSION})\n{versions_in_short()}")
        ctx.exit()


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=show_versions,
    help="Print the versions of this program and of what it is built on.",
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """A news archiver: every raw page, every version of every article, every observed view count.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 ran but its checks failed;
    4 and above name a cause (docs/reference/codes.md).

    \b
    Example:
      caliber crawl --section analytics --language en
    """
    if ctx.invoked_subcommand is None:
        echo(FIRST_STEPS)
