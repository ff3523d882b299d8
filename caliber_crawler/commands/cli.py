"""The ``caliber`` command: one file beside this one per verb, loaded only when it is called."""

from __future__ import annotations

import importlib
from typing import Any

import click

from caliber_crawler import __version__
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CaliberError

COMMANDS = {
    "crawl": "fetch what is new on a site, and what is due again",
    "explain": "all that is known of one address, and why",
    "doctor": "check a live site against its file in a dozen requests",
    "schedule": "print a crontab line, a systemd timer, a GitHub workflow that crawl what is due",
    "watch": "stay up and crawl what is due on a timetable",
    "cluster": "crawl with many machines: queue, workers, shards of the archive",
    "ingest": "take in saved pages, web archives and lists of addresses",
    "extract": "read pages and print them as JSON, storing nothing",
    "record": "keep a page as a test, with a draft of what is to be read on it",
    "show": "print one article and all that is known of it",
    "history": "every text an article had, what changed, and how its views grew",
    "cite": "print how to cite an article, with the digest that proves it",
    "search": "find articles by their words",
    "status": "what the archive holds, the last runs, problems by reason",
    "browse": "open the archive in a browser, with Datasette",
    "export": "write articles as CSV, JSON Lines, Parquet, RSS, WARC, WACZ, or a light archive",
    "reextract": "read kept pages again with today's code",
    "verify": "check every byte of the archive, and repair what can be",
    "backup": "make a verified copy, while a crawl goes on",
    "bulk": "read whole web archives, in many processes or on many machines",
    "merge": "take in all that other archives hold",
    "migrate": "bring an archive of an earlier version up to date, with a copy kept",
    "takedown": "take an article down for good: out of every table, index and page",
    "demo": "crawl the embedded demo site, and look at the result",
}


class Verbs(click.Group):
    """Commands that cost their imports only when called; our own errors become one sentence and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"caliber_crawler.commands.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CaliberError as error:
            echo(f"Error: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="caliber")
def main() -> None:
    """A news archiver: every page kept, every version of every article, every view count ever seen.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 ran but its checks failed;
    4 and above name a cause (see `caliber_crawler.errors`).

    \b
    Example:
      caliber crawl --section analytics --language en
    """
