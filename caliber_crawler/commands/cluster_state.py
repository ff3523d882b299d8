"""``caliber cluster status``, ``metrics`` and ``acknowledge``: the state of the sites of a cluster."""

from __future__ import annotations

import sys
from getpass import getuser
from pathlib import Path

import click
from tabulate import tabulate

from caliber_crawler.commands.cluster_options import dsn_option, requires_extra
from caliber_crawler.commands.options import echo_json, json_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import CHECKS_FAILED
from caliber_crawler.output_files import new_file


@click.command()
@dsn_option
@click.option("--unhealthy", is_flag=True, help="Only what is not healthy; exit code 3 if there is anything.")
@json_option
@requires_extra
def status(dsn: str, *, unhealthy: bool, as_json: bool) -> None:
    """Print queued, running and failed jobs, the workers, and the state of each site after its last crawl.

    A site is healthy, has an alarm (its crawl found something unusual), or its crawl failed: why, since when, on which
    machine, and when it was healthy last.

    \b
    Example:
      caliber cluster status --unhealthy
    """
    from caliber_crawler.cluster.status import cluster_status

    found = cluster_status(dsn, unhealthy=unhealthy)
    if as_json:
        echo_json(found)
    else:
        for title, rows in found.items():
            echo(f"{title.title()}: {len(rows):,}" if rows else f"{title.title()}: none")
            if rows:
                columns = [{name: value for name, value in row.items() if not isinstance(value, dict)} for row in rows]
                echo(tabulate(columns, headers="keys", tablefmt="simple") + "\n")
    sys.exit(CHECKS_FAILED if unhealthy and (found["sites"] or found["jobs"]) else 0)


@click.command()
@dsn_option
@click.option(
    "--textfile",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write them to FILE instead, for the textfile collector of the node exporter.",
    metavar="FILE",
)
@click.option("--port", type=click.IntRange(1, 65535), help="Serve them at http://HOST:PORT/metrics until Ctrl-C.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The host to serve them on.")
@requires_extra
def metrics(dsn: str, textfile: Path | None, port: int | None, host: str) -> None:
    """Print Prometheus metrics: jobs, workers, states and alarms of sites, sizes of shards, counts of the last jobs.

    \b
    Example:
      caliber cluster metrics --textfile /var/lib/node_exporter/caliber.prom
    """
    from caliber_crawler.cluster.metrics import exposition, serve
    from caliber_crawler.cluster.status import cluster_status

    if port is not None:
        serve(
            lambda: cluster_status(dsn),
            host,
            port,
            lambda url: echo(f"Serving {url}; Ctrl-C stops it.", err=True),
        )
        return
    found = exposition(cluster_status(dsn))
    if textfile is None:
        echo(found.decode(), nl=False)
        return
    with new_file(textfile) as file:
        file.write(found)


@click.command()
@click.argument("site")
@dsn_option
@click.option("--by", metavar="NAME", default="", help="Who acknowledges.  [default: the user of this machine]")
@click.option("--note", metavar="TEXT", default="", help="A remark that is stored with the acknowledgement.")
@requires_extra
def acknowledge(site: str, dsn: str, by: str, note: str) -> None:
    """Record that you have seen the alarms of SITE: from its next job on, what they report is usual.

    \b
    Example:
      caliber cluster acknowledge caliber --note "the site shows no view counters any more"
    """
    from caliber_crawler.cluster import states
    from caliber_crawler.cluster.database import connect

    with connect(dsn) as connection:
        states.acknowledge(connection, site, by=by or getuser(), note=note)
    echo(f"The next job of {site} acknowledges its alarms.")
