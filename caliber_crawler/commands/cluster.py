"""``caliber cluster``."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from caliber_crawler.commands.cluster_define import define
from caliber_crawler.commands.cluster_export import export
from caliber_crawler.commands.cluster_options import dsn_option, requires_extra, shards_option
from caliber_crawler.commands.cluster_state import acknowledge, metrics, status
from caliber_crawler.commands.cluster_storage import check, migrate, restore, takedown
from caliber_crawler.commands.crawl_options import takes
from caliber_crawler.commands.options import archive_option, echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.crawling.options import JOB_OPTIONS, CrawlOptions
from caliber_crawler.errors import CHECKS_FAILED, ArchiveError, ArchiveFull, CaliberError, ClusterError
from caliber_crawler.quantity import quantity


@click.group()
def cluster() -> None:
    """Crawl with many machines: a queue in PostgreSQL, workers anywhere, one archive per site on shared storage.

    \b
    Example:
      export CALIBER_DSN=postgresql://caliber@db.example.org/caliber CALIBER_SHARDS=/mnt/shards
      caliber cluster init
      caliber cluster enqueue --all
      CALIBER_CONTACT=you@example.org caliber cluster worker    # on each machine
      caliber cluster status
      caliber cluster collect --archive data/archive.db
    """


@cluster.command()
@dsn_option
@requires_extra
def init(dsn: str) -> None:
    """Create the tables of the queue. Existing tables are kept.

    \b
    Example:
      CALIBER_DSN=postgresql://caliber@db.example.org/caliber caliber cluster init
    """
    from caliber_crawler.cluster.database import server_description, set_up

    echo(f"Set up {server_description(dsn)}." if set_up(dsn) else f"{server_description(dsn)} was already set up.")


@cluster.command()
@click.argument("sites", nargs=-1, metavar="[SITE]...")
@click.option("--all", "every", is_flag=True, help="Every site that has a site definition.")
@click.option("--sites", "sites_file", metavar="FILE", default="", help="The sites of FILE: one start URL a line.")
@dsn_option
@click.option("--each-section", is_flag=True, help="Queue one job per section instead of one per site.")
@click.option(
    "--minutes", type=click.FloatRange(min=0.01), default=30, show_default=True, help="Maximum duration of a job."
)
@requires_extra
@takes(CrawlOptions, JOB_OPTIONS)
@json_option
def enqueue(
    options: CrawlOptions,
    sites: tuple[str, ...],
    dsn: str,
    minutes: float,
    *,
    every: bool,
    sites_file: str,
    each_section: bool,
    as_json: bool,
) -> None:
    """Queue a crawl of each SITE, a name or the URL of a page. The next free worker runs it.

    A job that is already in the queue is not queued again. Two workers never crawl the same host at the same time.

    \b
    Example:
      caliber cluster enqueue caliber --each-section --minutes 10
    """
    from caliber_crawler.cluster.definitions import stored_definitions
    from caliber_crawler.cluster.jobs import enqueue as add_to_queue
    from caliber_crawler.cluster.work import HostLocks, Work, names_of
    from caliber_crawler.known_sites import known_spiders, project_settings, sites_in

    if sites_file:
        # A worker must know that the scheme is assumed: it falls back to HTTP.
        listed = sites_in(Path(sites_file)).items()
        sites = (*sites, *(url.removeprefix("https://") if is_assumed else url for url, is_assumed in listed))
    if every == bool(sites):
        raise click.UsageError("Name the sites, or use --all.")
    settings = project_settings(STORED_DEFINITIONS=stored_definitions(dsn))
    works = [
        Work(site=site, minutes=minutes, options=options)
        for site in (known_spiders(settings) if every else dict.fromkeys(sites))
    ]
    if each_section:
        works = [part for work in works for part in work.by_section(settings)]
    queued, known = add_to_queue(dsn, works, HostLocks(settings))
    if as_json:
        echo_json({"queued": [work.name for work in queued], "known": [work.name for work in known]})
        return
    echo(f"Queued {quantity(len(queued), 'job')}." if len(queued) != 1 else f"Queued {queued[0].name}.")
    if known:
        echo(f"Already in the queue: {names_of(known)}.")


@cluster.command()
@dsn_option
@shards_option
@click.option(
    "--parallel",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Maximum number of sites crawled in parallel.",
)
@click.option(
    "--lease",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="Seconds without PostgreSQL after which this worker exits. After a quarter more, other workers run its jobs.",
)
@click.option(
    "--back-off",
    type=click.FloatRange(min=0),
    default=60,
    show_default=True,
    help="Seconds until a failed job is retried; doubled each time.",
)
@click.option(
    "--timetable",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A TOML file with cron expressions in UTC: which sites are queued when.",
)
@click.option(
    "--scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A local folder for shards in use.  [default: the system's temporary folder]",
)
@click.option(
    "--keep-shards",
    type=click.FloatRange(min=0),
    default=20,
    show_default=True,
    metavar="GB",
    help="Maximum size of the shards that stay in the local folder between jobs; a job fetches only what came after.",
)
@click.option(
    "--notify",
    "targets",
    multiple=True,
    metavar="TARGET",
    envvar="CALIBER_NOTIFY",
    help="Send a message when the state of a site changes: a webhook, a chat (slack+https://…), mailto:NAME@HOST or"
    " env:NAME.",
)
@click.option(
    "--ping",
    metavar="URL",
    default="",
    envvar="CALIBER_PING",
    help="Request this URL every five minutes, as a sign of life for monitoring.",
)
@click.option(
    "--until-empty",
    is_flag=True,
    help="Exit when the queue is empty; exit code 3 if a job failed or found something unusual.",
)
@requires_extra
def worker(
    dsn: str,
    shards: str,
    parallel: int,
    lease: float,
    back_off: float,
    timetable: Path | None,
    scratch: Path | None,
    keep_shards: float,
    targets: tuple[str, ...],
    ping: str,
    *,
    until_empty: bool,
) -> None:
    """Run the jobs of the queue until stopped.

    Ctrl-C or SIGTERM stops cleanly: shards in use are published, and unfinished jobs are queued again. If a worker is
    killed or loses its connection to PostgreSQL, other workers run its jobs. Use a service manager to restart it: see
    docs/guides/cluster.md.

    \b
    Example:
      CALIBER_CONTACT=you@example.org caliber cluster worker --parallel 32 --timetable timetable.toml
    """
    from caliber_crawler.cluster.definitions import stored_definitions
    from caliber_crawler.cluster.storage import Storage
    from caliber_crawler.cluster.work import load_timetable
    from caliber_crawler.cluster.worker import Worker, WorkerConfig
    from caliber_crawler.known_sites import project_settings
    from caliber_crawler.notification.message import require_receiver
    from caliber_crawler.notification.target import parse_target

    receivers = tuple(parse_target(target, os.environ) for target in targets)
    for receiver in receivers:
        require_receiver(receiver, os.environ)
    settings = project_settings(LOG_LEVEL="ERROR", STORED_DEFINITIONS=stored_definitions(dsn))
    scheduled = load_timetable(timetable, settings) if timetable else []
    config = WorkerConfig(
        lease=lease,
        parallel=parallel,
        back_off=back_off,
        scratch=scratch,
        keep_bytes=int(keep_shards * 1e9),
        until_empty=until_empty,
        targets=receivers,
        ping=ping,
    )

    def log(message: str) -> None:
        echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {message}", err=True)

    crew = Worker(dsn, Storage(shards), settings, config, scheduled, log)
    crew.run()
    if until_empty and (crew.failed or crew.unusual or crew.left):
        found = f"{quantity(len(crew.failed), 'job')} failed, {len(crew.unusual)} found something unusual"
        found += f", {crew.left} wait for a worker of a later version" if crew.left else ""
        echo(f"{found}; `caliber cluster status` lists them.", err=True)
        sys.exit(CHECKS_FAILED)


for command in (define, status, metrics, acknowledge, check, restore, migrate, takedown, export):
    cluster.add_command(command)


@cluster.command()
@dsn_option
@shards_option
@archive_option
@click.option(
    "--mirror",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep a copy of the shards in this folder, so that the next time only what came after is fetched.",
)
@json_option
@requires_extra
def collect(dsn: str, shards: str, archive: Path, mirror: Path | None, *, as_json: bool) -> None:
    """Merge all shards into one archive. The shards are kept; shards that were collected before are skipped.

    Of each shard, only what came after the last time is merged.

    A shard that is missing, damaged or of another version is reported, the others are collected, and the exit code is
    3.

    \b
    Example:
      caliber cluster collect --archive data/archive.db
    """
    from caliber_crawler.archive import Archive
    from caliber_crawler.cluster.binding import expect_storage
    from caliber_crawler.cluster.database import require_set_up
    from caliber_crawler.cluster.kept_shards import KeptShard, KeptShards
    from caliber_crawler.cluster.shards import current_shards
    from caliber_crawler.cluster.storage import Storage
    from caliber_crawler.commands.alerts import send_alerts
    from caliber_crawler.commands.merge import merge_one

    require_set_up(dsn)
    storage = Storage(shards)
    expect_storage(dsn, storage)
    kept_shards = None if mirror is None else KeptShards(mirror, None)
    if mirror is not None:
        mirror.mkdir(parents=True, exist_ok=True)
    counts: dict[str, dict[str, int]] = {}
    failures: dict[str, CaliberError] = {}
    with Archive.open(archive, mode="write") as here:
        known = here.run_history.merged()
        for shard in current_shards(dsn):
            if shard.name in known:
                continue
            # In the mirror, so that a file is moved and not copied.
            with TemporaryDirectory(prefix="caliber-collect-", dir=mirror) as folder:
                # The archive records merged files by name.
                path = Path(folder) / shard.name
                kept = kept_shards.take(shard.site, path) if kept_shards else None
                try:
                    fetched = storage.fetch_current(shard, path, dsn, kept.part if kept else None)
                    with Archive.open(path) as there:
                        counts[shard.site] = dict(merge_one(here, there))
                    if kept_shards:
                        kept_shards.put(shard.site, path, KeptShard(fetched.path))
                except ArchiveFull:
                    raise
                except (ArchiveError, ClusterError) as error:
                    failures[shard.site] = error
    send_alerts(archive)
    for site, failure in failures.items():
        echo(f"The shard of {site} was not collected: {failure}", err=True)
    if as_json:
        echo_json(counts)
    else:
        new = sum(count.get("articles", 0) for count in counts.values())
        echo(
            f"Collected {quantity(len(counts), 'shard')}: {quantity(new, 'new article')}." if counts else "Nothing new."
        )
    if failures:
        sys.exit(CHECKS_FAILED)
