"""``caliber cluster check``, ``restore``, ``migrate`` and ``takedown``: the shards on the storage of a cluster."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Mapping
from datetime import datetime
from getpass import getuser
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click
from tabulate import tabulate

from caliber_crawler.commands.cluster_options import dsn_option, requires_extra, shards_option
from caliber_crawler.commands.options import TIMESTAMP, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED, CaliberError, SiteError
from caliber_crawler.quantity import quantity, size_text

if TYPE_CHECKING:
    from caliber_crawler.cluster.maintenance import Maintenance

ATTEMPTS, PAUSE = 3, 2.0
"""How often, and after how many seconds, a takedown is tried again for sites whose jobs run."""
scratch_option = click.option(
    "--scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A local folder for the shard in use.  [default: the system's temporary folder]",
)


@click.command()
@dsn_option
@shards_option
@click.option("--quick", is_flag=True, help="Compare only the sizes of the files, without reading them.")
@click.option(
    "--sweep",
    "sweeps",
    is_flag=True,
    help="Delete the files that no shard needs: orphaned, incomplete and old ones, when they are a day old.",
)
@json_option
@requires_extra
def check(dsn: str, shards: str, *, quick: bool, sweeps: bool, as_json: bool) -> None:
    """Compare the shards that PostgreSQL names with the files on the storage.

    Reported are files that are missing or damaged, files that no shard needs, shards of another schema, and takedowns
    that are not carried out yet. The exit code is 3 if there is anything.

    \b
    Example:
      caliber cluster check --quick
    """
    from caliber_crawler.cluster.binding import expect_storage
    from caliber_crawler.cluster.database import require_set_up
    from caliber_crawler.cluster.inspection import PROBLEMS, inspect, sweep
    from caliber_crawler.cluster.storage import Storage

    require_set_up(dsn)
    storage = Storage(shards)
    expect_storage(dsn, storage)
    found = inspect(dsn, storage, reads=not quick)
    freed = sweep(dsn, storage, found.findings) if sweeps else 0
    if as_json:
        echo_json({**found.as_values(), "freed": freed})
    else:
        columns = ("problem", "site", "generation", "path")
        rows = [
            {**{name: getattr(finding, name) for name in columns}, "meaning": PROBLEMS[finding.problem]}
            for finding in found.findings
        ]
        if rows:
            echo(tabulate(rows, headers="keys", tablefmt="simple") + "\n")
        what = f"{quantity(found.shards, 'shard')} in {quantity(found.files, 'file')} of {size_text(found.size)}"
        echo(f"Checked {what}: " + (f"{quantity(len(rows), 'problem')}." if rows else "no problems."))
        if freed:
            echo(f"Deleted {size_text(freed)} that no shard needs.")
        if damaged := sorted({each.site for each in found.findings if each.is_current}):
            echo(f"`caliber cluster restore SITE` takes a former generation: {', '.join(damaged)}.", err=True)
    sys.exit(CHECKS_FAILED if found.findings else 0)


@click.command()
@click.argument("site")
@dsn_option
@shards_option
@click.option(
    "--generation",
    type=click.IntRange(min=1),
    help="The generation to restore.  [default: the last one before the current one that can be read]",
)
@scratch_option
@json_option
@requires_extra
def restore(site: str, dsn: str, shards: str, generation: int | None, scratch: Path | None, *, as_json: bool) -> None:
    """Make a former generation of the shard of SITE the current one.

    What was crawled since is crawled again by the next job. `caliber cluster status` shows the current generation; at
    least the generations since the whole archive before the last one can be restored.

    \b
    Example:
      caliber cluster restore caliber
    """
    with _maintenance(dsn, shards, scratch) as maintenance:
        former, current = maintenance.restore(site, generation)
    if as_json:
        echo_json({"site": site, "restored": former, "generation": current})
    else:
        echo(f"The shard of {site} is that of generation {former} again; it is now generation {current}.")


@click.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@dsn_option
@shards_option
@scratch_option
@json_option
@requires_extra
def migrate(sites: tuple[str, ...], dsn: str, shards: str, scratch: Path | None, *, as_json: bool) -> None:
    """Migrate the shards of an earlier schema, all or those of each SITE. Workers of earlier versions leave them then.

    Each job also migrates the shard that it crawls into. This command is for sites that are crawled rarely or never
    again, because `collect` cannot read a shard of an earlier schema.

    \b
    Example:
      caliber cluster migrate
    """
    from caliber_crawler.archive.core.format import VERSION
    from caliber_crawler.cluster.maintenance import for_each
    from caliber_crawler.cluster.shards import earlier_sites

    migrated: dict[str, int] = {}

    def migrate_one(site: str) -> None:
        former = maintenance.migrate(site)
        if former is not None:
            migrated[site] = former

    with _maintenance(dsn, shards, scratch) as maintenance:
        failures = for_each(sites or earlier_sites(dsn, VERSION), migrate_one)
    if as_json:
        echo_json({"migrated": migrated, "to": VERSION, "failures": _messages(failures)})
    else:
        echo(f"Migrated {quantity(len(migrated), 'shard')} to schema {VERSION}." if migrated else "Nothing to migrate.")
    _report(failures, "was not migrated")


@click.command()
@click.argument("url")
@dsn_option
@shards_option
@click.option(
    "--site",
    "site",
    metavar="SITE",
    default="",
    help="The site whose shard contains it; * matches any characters.  [default: the site that URL belongs to]",
)
@click.option("--reason", required=True, help="Reason, for the record; do not repeat the removed content here.")
@click.option("--requested-at", type=TIMESTAMP, help="When the request was made, ISO 8601, UTC.  [default: now]")
@click.option("--by", metavar="NAME", default="", help="Who carries it out.  [default: the user of this machine]")
@scratch_option
@json_option
@requires_extra
def takedown(
    url: str,
    dsn: str,
    shards: str,
    site: str,
    reason: str,
    requested_at: datetime | None,
    by: str,
    scratch: Path | None,
    *,
    as_json: bool,
) -> None:
    """Delete the articles at URL permanently from the shards, and keep them out of all later ones.

    In URL, * matches any characters. The request is stored in PostgreSQL, with the URL: every later publication of a
    shard carries it out, also for articles that are found only then. In shards that no job uses it is carried out at
    once, and all their former files are deleted; a job that runs carries it out when it ends. Workers delete their own
    copies within a minute. Afterwards, `caliber cluster collect` deletes the articles from an archive and its mirror.

    \b
    Example:
      caliber cluster takedown https://caliber.az/en/post/some-article --reason "asked for by its author"
    """
    from caliber_crawler.cluster.database import connect, require_set_up
    from caliber_crawler.cluster.maintenance import SiteInUse, for_each
    from caliber_crawler.cluster.shards import current_shards
    from caliber_crawler.cluster.takedowns import record_request

    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise click.UsageError("Name a URL that begins with http:// or https://; * matches any characters.")
    deleted: dict[str, int] = {}

    def take_down(name: str) -> None:
        deleted[name] = maintenance.take_down(name)

    require_set_up(dsn)
    pattern = site or _site_of(url, dsn)
    with connect(dsn) as connection:
        id = record_request(connection, url, pattern, reason, requested_at, by or getuser())
    try:
        with _maintenance(dsn, shards, scratch) as maintenance:
            names = fnmatch.filter([shard.site for shard in current_shards(dsn)], pattern)
            first_jobs = set(fnmatch.filter(maintenance.sites_in_use(), pattern)) - set(names)
            failures = for_each(names, take_down)
            for _ in range(ATTEMPTS):
                # A job that has just published its shard does not carry out a new takedown, but ends soon.
                if in_use := [name for name, failure in failures.items() if isinstance(failure, SiteInUse)]:
                    sleep(PAUSE)
                    others = {name: failure for name, failure in failures.items() if name not in in_use}
                    failures = others | for_each(in_use, take_down)
    except CaliberError:
        echo(f"Takedown {id} is recorded; the next job of each site carries it out.", err=True)
        raise
    in_use = [name for name, failure in failures.items() if isinstance(failure, SiteInUse)]
    failures = {name: failure for name, failure in failures.items() if name not in in_use}
    in_use = sorted({*in_use, *first_jobs})
    if as_json:
        echo_json({"id": id, "deleted": deleted, "in_use": in_use, "failures": _messages(failures)})
    else:
        articles = quantity(sum(deleted.values()), "article")
        echo(f"Takedown {id}: deleted {articles} from {quantity(len(deleted), 'shard')}.")
        if in_use:
            echo(f"The jobs that run now carry it out when they end: {', '.join(in_use)}.", err=True)
    _report(failures, "was not changed; its next job carries the takedown out")


def _maintenance(dsn: str, shards: str, scratch: Path | None) -> Maintenance:
    from caliber_crawler.cluster.database import require_set_up
    from caliber_crawler.cluster.definitions import stored_definitions
    from caliber_crawler.cluster.maintenance import Maintenance
    from caliber_crawler.cluster.storage import Storage
    from caliber_crawler.known_sites import project_settings

    require_set_up(dsn)
    settings = project_settings(STORED_DEFINITIONS=stored_definitions(dsn))
    return Maintenance(dsn, Storage(shards), settings, scratch)


def _site_of(url: str, dsn: str) -> str:
    from caliber_crawler.cluster.definitions import stored_definitions
    from caliber_crawler.known_sites import project_settings, spider_named

    try:
        return str(
            spider_named(url.partition("*")[0], project_settings(STORED_DEFINITIONS=stored_definitions(dsn))).site.name
        )
    except SiteError as error:
        raise click.UsageError(f"Name the site with --site: {error}") from None


def _messages(failures: Mapping[str, CaliberError]) -> dict[str, str]:
    return {site: str(failure) for site, failure in failures.items()}


def _report(failures: Mapping[str, CaliberError], what: str) -> None:
    """Print why it failed for each of these sites, and exit with code 3 if there are any."""
    for site, failure in failures.items():
        echo(f"The shard of {site} {what}: {failure}", err=True)
    if failures:
        sys.exit(CHECKS_FAILED)
