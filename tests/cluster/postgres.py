"""A temporary PostgreSQL server for tests, in its own folder and on its own port."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import dict_row

USER = "postgres"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
OPTIONS = {
    "fsync": "off",  # no test needs durability
    "listen_addresses": "127.0.0.1",
    "shared_preload_libraries": "pg_stat_statements",
    "log_min_messages": "fatal",
}


def program(name: str) -> str | None:
    """The path of a PostgreSQL program. On Debian they are not on the PATH, but in one folder per version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return next((str(folder / name) for folder in reversed(folders) if (folder / name).exists()), shutil.which(name))


@dataclass(frozen=True)
class Postgres:
    """A server and the folder of its files."""

    folder: Path
    port: int

    def dsn(self, database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """Create a database, yield its DSN, and drop it when the block ends."""
        with closing(psycopg.connect(self.dsn(USER), autocommit=True)) as connection:
            connection.execute(f"CREATE DATABASE {name}")
            try:
                yield self.dsn(name)
            finally:
                connection.close()
                with closing(psycopg.connect(self.dsn(USER), autocommit=True)) as again:
                    again.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def start(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in OPTIONS.items())
        self._control("start", "-w", "-t", "120", "-o", f"-p {self.port} -k {self.folder} {options}")

    def stop(self, mode: str = "fast") -> None:
        self._control("stop", "-w", "-t", "120", "-m", mode)

    def _control(self, *arguments: str) -> None:
        pg_ctl = program("pg_ctl")
        assert pg_ctl
        # The server inherits the output of pg_ctl and would keep a pipe open.
        run_as_owner([pg_ctl, "-D", str(self.folder / "data"), *arguments])


def owner() -> str:
    """The user that runs the server when the tests run as root."""
    known = {account.pw_name for account in pwd.getpwall()}
    return USER if USER in known else "nobody"


def run_as_owner(command: list[str]) -> None:
    """Run a command, as :func:`owner` instead of root: PostgreSQL refuses to run as root."""
    account = pwd.getpwnam(owner()) if os.geteuid() == 0 else None
    subprocess.run(
        command,
        check=True,
        timeout=240,
        cwd="/",
        user=account and account.pw_uid,
        group=account and account.pw_gid,
        extra_groups=account and [],
        **QUIET,
    )


@contextmanager
def run_postgres() -> Iterator[Postgres]:
    """Create a server and run it until the block ends."""
    initdb = program("initdb")
    assert initdb
    with tempfile.TemporaryDirectory(prefix="caliber-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, owner())
        server = Postgres(folder, free_port())
        run_as_owner([initdb, "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"])
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def rows(dsn: str, query: str) -> list[dict[str, object]]:
    with closing(psycopg.connect(dsn, row_factory=dict_row)) as connection:
        return list(connection.execute(query))
