"""``caliber browse``."""

from __future__ import annotations

import errno
import socket
from pathlib import Path

import click

from caliber_crawler.archive import Archive
from caliber_crawler.browse import public as public_mode
from caliber_crawler.browse.access import HOSTS_VARIABLE
from caliber_crawler.commands.options import archive_option
from caliber_crawler.commands.terminal import echo
from caliber_crawler.errors import ArchiveError, CaliberError
from caliber_crawler.interpreter import become_python


def require_free_port(host: str, port: int) -> None:
    """Raise an error if nothing can listen there, before a server starts that would fail with a traceback."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            # As the server does: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        advice = "Choose another port with --port; --port 0 takes a free one."
        if error.errno == errno.EADDRINUSE:
            taken = f"Port {port} of {host} is taken, perhaps by another `caliber browse`."
            raise CaliberError(f"{taken} {advice}") from None
        raise CaliberError(f"Cannot listen on {host}:{port}: {error.strerror}. {advice}") from None


@click.command()
@archive_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8001,
    show_default=True,
    help="Port to listen on; 0 chooses a free one.",
)
@click.option("--open", "in_browser", is_flag=True, help="Open it in a web browser.")
@click.option("--public", is_flag=True, help="Public mode: disable SQL, raw pages and downloads, and set limits.")
@click.option("--include-opted-out", is_flag=True, help="With --public: also serve articles with a rights reservation.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="IP address to listen on; any but loopback needs --public."
)
@click.option(
    "--in-container",
    is_flag=True,
    help="Allow --host without --public: the container publishes the port to this machine only, as compose.yaml does.",
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="Also answer requests for this host name, in addition to those of this machine. With --public, the default is"
    " to answer for every name.",
)
def browse(
    archive: Path,
    port: int,
    host: str,
    names: tuple[str, ...],
    *,
    in_browser: bool,
    public: bool,
    include_opted_out: bool,
    in_container: bool,
) -> None:
    """Browse the archive in Datasette, on this machine only, even during a crawl. Ctrl-C stops it.

    It answers for the names of this machine only (localhost, 127.0.0.1), and no queries that pages of other sites send.

    With --public it can be put online, preferably behind a web server with HTTPS; it prints what it disables. An
    archive with articles under a rights reservation (no archiving, indexing or mining) is refused: export a copy
    without them with `caliber export sqlite`.

    \b
    Example:
      caliber browse --open
      caliber browse --public --host 0.0.0.0
    """
    if host not in ("127.0.0.1", "::1", "localhost") and not public and not in_container:
        raise click.UsageError(
            f"--host {host} needs --public: without it, anyone could run SQL and download the archive. (In a container"
            " whose port is published to this machine only: --in-container.)"
        )
    with Archive.open(archive) as opened:  # reports a missing or foreign file before a server starts
        if public and not include_opted_out and (opted_out := opened.opted_out_articles()):
            raise ArchiveError(f"{public_mode.refusal(str(archive), len(opted_out))}.")
    require_free_port(host, port)
    arguments = ["serve", str(archive.absolute()), "--host", host, "--port", str(port)]
    for name, value in (public_mode.SETTINGS if public else public_mode.LOCAL_SETTINGS).items():
        arguments += ["--setting", name, value]
    if public:
        arguments += ["--metadata", public_mode.configuration(include_opted_out=include_opted_out)]
        echo("Public mode:", err=True)
        for limit in public_mode.PUBLIC_LIMITS:
            echo(f"- {limit}", err=True)
    if in_browser:
        arguments.append("--open")
    variables = {HOSTS_VARIABLE: ",".join((*names, host) if names or not public else ())}
    become_python("-m", "datasette", *arguments, variables=variables)
