"""Articles under a rights reservation are not served in public mode."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from datasette.utils import StartupError
from lxml import etree

from caliber_crawler.archive import Archive
from caliber_crawler.browse import public
from caliber_crawler.commands.cli import main
from tests.archive.newsroom import Newsroom, capture, minutes, start_run
from tests.browse.conftest import Get, browsing

NAMES = ("open", "opted_out", "changed-its-mind")
ATOM = {"a": "http://www.w3.org/2005/Atom"}


def visit(newsroom: Newsroom, name: str, at: float, body: str, *, opted_out: bool) -> None:
    url = f"https://caliber.az/en/post/{name}"
    headers = {"headers": (("Content-Type", "text/html"), ("X-Robots-Tag", "noarchive"))} if opted_out else {}
    page = newsroom.archive.captures.store(capture(minutes(at), url=url, **headers), newsroom.run_id)
    newsroom.save(minutes(at), kept=page, article_urls=(url,), headline=name, body=body)


def print_pages(path: Path, *opted_out: str) -> None:
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        for name in NAMES:
            visit(newsroom, name, 0, f"Text of {name}.", opted_out=name in opted_out)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    print_pages(path, "opted_out")
    return path


def metadata(*, include_opted_out: bool = False) -> dict[str, object]:
    configuration: dict[str, object] = json.loads(
        Path(public.configuration(include_opted_out=include_opted_out)).read_text()
    )
    return configuration


def entries(get: Get, feed: str) -> list[str]:
    found: list[str] = etree.fromstring(get(f"/archive/-/feeds/{feed}").content).xpath(
        "a:entry/a:title/text()", namespaces=ATOM
    )
    return found


def test_public_mode_refuses_an_archive_with_rights_reservations(path: Path) -> None:
    outcome = CliRunner().invoke(main, ["browse", "--archive", str(path), "--public"])
    assert outcome.exit_code == 1
    assert "has articles under a rights reservation (1)" in outcome.stderr
    assert f"caliber export sqlite --archive {path} -o public.db" in outcome.stderr
    assert len(outcome.stderr.splitlines()) == 1


def test_plain_datasette_refuses_it_in_public_mode(path: Path) -> None:
    datasette = Datasette([str(path)], metadata=metadata())
    with asyncio.Runner() as loop, pytest.raises(StartupError, match="articles under a rights reservation"):
        loop.run(datasette.invoke_startup())


def test_the_suggested_copy_is_served_without_reserved_articles(path: Path) -> None:
    copy = path.with_name("archive-copy") / "archive.db"
    copied = CliRunner().invoke(main, ["export", "sqlite", "--archive", str(path), "-o", str(copy)])
    assert copied.exit_code == 0
    with browsing(copy, metadata=metadata()) as get:
        assert set(entries(get, "articles")) == {"open", "changed-its-mind"}
        assert "Text of reserved" not in get("/archive/versions.json").text


def test_include_reserved_serves_all_articles(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with browsing(path, metadata=metadata(include_opted_out=True)) as get:
        assert set(entries(get, "articles")) == set(NAMES)
        assert get("/archive/captures").status_code == 403
    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda program, arguments, variables: started.append(arguments))
    outcome = CliRunner().invoke(main, ["browse", "--archive", str(path), "--public", "--include-opted-out"])
    assert outcome.exit_code == 0
    assert public.configuration(include_opted_out=True) in started[0]


def test_reserved_articles_are_shown_without_public_mode(path: Path) -> None:
    with browsing(path) as get:
        assert set(entries(get, "articles")) == set(NAMES)


def test_articles_reserved_later_are_removed_from_feeds(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_pages(path)
    with browsing(path, metadata=metadata()) as get:
        assert set(entries(get, "articles")) == set(NAMES)
        with Archive.open(path, mode="write") as archive:
            newsroom = Newsroom(archive, start_run(archive))
            visit(newsroom, "changed-its-mind", 10, "Another text.", opted_out=True)
            visit(newsroom, "open", 10, "Another text, too.", opted_out=False)
        assert set(entries(get, "articles")) == {"open", "opted_out"}
        assert set(entries(get, "articles?q=text")) == {"open", "opted_out"}
        assert entries(get, "edits") == ["open"]
