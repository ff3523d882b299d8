"""What a newcomer meets in the first hour: every message names the next step."""

from __future__ import annotations

import re
import socket
import sqlite3
import sys
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.format import VERSION
from caliber_crawler.commands.cli import COMMANDS, main
from caliber_crawler.errors import MissingExtra, SiteError, requirements_of
from caliber_crawler.fetching.browser import chromium

EXTRAS = sorted(metadata.metadata("caliber-crawler").get_all("Provides-Extra") or [])


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run ``caliber`` in an empty folder, without a contact."""
    monkeypatch.chdir(tmp_path)
    for variable in ("CALIBER_CONTACT", "CALIBER_ARCHIVE"):
        monkeypatch.delenv(variable, raising=False)

    def run(*words: str) -> Result:
        return CliRunner().invoke(main, list(words), prog_name="caliber")

    return run


@pytest.mark.parametrize(
    ("command", "exit_code", "next_steps"),
    [
        ("status", 4, ("--archive", "caliber demo", "caliber crawl URL")),
        ("browse", 4, ("--archive", "caliber demo")),
        ("search corridor", 4, ("--archive", "caliber demo")),
        ("show 1", 4, ("--archive", "caliber demo")),
        ("migrate", 4, ("--archive",)),
        ("crawl nosite", 2, ("caliber", "URL")),
        ("crawl http://", 2, ("https://example.org/page",)),
        ("crawl --nope", 2, ("caliber crawl --help",)),
        ("crawle", 2, ("caliber --help",)),
        ("extract page.html", 4, ("page.html does not exist",)),
        ("browse --host 0.0.0.0", 2, ("--public", "--in-container")),
        ("export csv --since yesterday", 2, ("2026-01-07T10:00:00Z",)),
        ("export csv --since 9999-12-31T23:59:59-12:00", 2, ("2026-01-07T10:00:00Z",)),
        ("ingest page.html --fetched-at 0001-01-01T00:00:00+14:00", 2, ("2026-01-07T10:00:00Z",)),
        ("crawl caliber --since 9999-12-31T23:59:59-12:00", 2, ("2026-01-31T18:00",)),
        ("crawl caliber --until 0001-01-01T00:00:00+14:00", 2, ("2026-01-31T18:00",)),
        ("explain http://[x", 2, ("https://example.org/page",)),
        ("crawl --sites /dev/null", 2, ("one URL on each line",)),
        *(
            (f"{words} {'x' * 300}", 4, ("xxx… cannot be used",))
            for words in ("ingest", "extract", "status --archive", "search a --archive", "merge --archive a.db")
        ),
    ],
)
def test_an_error_names_the_next_step(run, command, exit_code, next_steps):
    result = run(*command.split())
    assert result.exit_code == exit_code
    for step in next_steps:
        assert step in result.stderr
    assert "Traceback" not in result.stderr
    assert not Path("data").exists()


@pytest.mark.slow
@pytest.mark.parametrize("site", ["example.org", "https://example.org/", "caliber"])
def test_a_crawl_without_a_contact_says_how_to_give_one(site, caliber):
    outcome = caliber("crawl", site)
    assert outcome.exit_code == 2
    assert "--contact you@example.org" in outcome.stderr
    assert "export CALIBER_CONTACT=" in outcome.stderr
    assert outcome.stdout == ""


def test_a_taken_port_is_named_with_a_way_out(run):
    Archive.open(Path("archive.db"), "write").close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("browse", "--archive", "archive.db", "--port", str(port))
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Port {port} of 127.0.0.1 is taken, perhaps by another `caliber browse`."
        " Choose another port with --port; --port 0 takes a free one.\n"
    )


def test_a_missing_browser_is_named_with_the_package(tmp_path):
    with pytest.raises(SiteError, match=r"apt install chromium.*CALIBER_CHROMIUM"):
        chromium(str(tmp_path / "nothing"))


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_is_named_with_a_command_that_installs_it(extra):
    needed = requirements_of(extra)
    assert not any("caliber-crawler" in requirement for requirement in needed)
    message = str(MissingExtra(extra))
    assert message.startswith(f"This needs the extra '{extra}'. Install it: {sys.executable} -m pip install ")
    assert all(re.match(r"[\w-]+", requirement)[0] in message for requirement in needed)


def test_without_arguments_caliber_says_what_to_do_first(run):
    result = run()
    assert result.exit_code == 0
    named = re.findall(r"^  caliber (\w+)", result.stdout, flags=re.MULTILINE)
    assert named[:2] == ["demo", "browse"]
    assert set(named) <= set(COMMANDS)
    assert "CALIBER_CONTACT" in result.stdout


def test_the_version_names_what_matters_in_a_report(run):
    first, second = run("--version").stdout.splitlines()
    assert first == f"caliber {metadata.version('caliber-crawler')} (archives of version {VERSION})"
    for name in ("scrapy", "datasette", "lxml"):
        assert f"{metadata.distribution(name).name} {metadata.version(name)}".lower() in second.lower()
    assert f"SQLite {sqlite3.sqlite_version}" in second


def test_the_state_of_an_archive_has_no_warning_about_sqlite(run):
    Archive.open(Path("archive.db"), "write").close()
    assert run("status", "--archive", "archive.db").stderr == ""
