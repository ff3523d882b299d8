"""A merge with pages in cold storage: what is in either archive can be read, and a takedown reaches every file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.cold_storage import move_pages, return_pages
from caliber_crawler.errors import ColdFileUnavailable
from tests.archive.cold.pages import LATER, captures_of, digests_in, findings, move_all
from tests.archive.newsroom import Newsroom, minutes, start_run
from tests.properties import examples

URL = "https://caliber.az/en/post/hippogriff"
PAGE = b"<h1>Hippogriff</h1>"


def write(path: Path, minute: int, page: bytes = PAGE) -> None:
    """Add a capture of the article's page to an archive."""
    with Archive.open(path, mode="write") as archive:
        newsroom = Newsroom(archive, start_run(archive))
        newsroom.save(minutes(minute), article_urls=(URL,), headline="Hippogriff", page=page)


def merge(path: Path, other: Path) -> None:
    with Archive.open(path, mode="write") as archive, Archive.open(other) as opened:
        list(archive.merge(opened, {}))


def archive_with(folder: Path, name: str, minute: int, *, cold: bool) -> Path:
    """An archive with one capture of the page, in a cold file of its own if it is cold."""
    path, files = folder / f"{name}.db", folder / f"cold-{name}"
    write(path, minute)
    files.mkdir(exist_ok=True)
    if cold:
        move_all(path, files)
    return path


@contextmanager
def hidden(folder: Path) -> Iterator[None]:
    """A folder that is not mounted while the block runs."""
    away = folder.with_name("away")
    folder.rename(away)
    yield
    away.rename(folder)


def counts(path: Path) -> tuple[int, int]:
    """The number of pages only in cold storage, and of files there."""
    with Archive.open(path) as archive:
        return archive.status()["cold"]["pages"], len(archive.cold_pages.files.all())


@pytest.mark.parametrize(
    ("here", "there", "cold"),
    [(False, False, (0, 0)), (False, True, (0, 1)), (True, False, (0, 1)), (True, True, (1, 2))],
)
def test_a_page_is_cold_after_a_merge_only_if_it_was_in_both_archives(
    tmp_path: Path, *, here: bool, there: bool, cold: tuple[int, int]
) -> None:
    one, two = archive_with(tmp_path, "one", 0, cold=here), archive_with(tmp_path, "two", 60, cold=there)
    merge(one, two)
    assert counts(one) == cold
    assert [page.body for page in captures_of(one)] == [PAGE] * 2
    assert findings(one, cold=True) == ([], [])
    moved = move_all(one, tmp_path / "cold-one")
    assert len(moved.files) == (0 if here or there else 1), "a page is not written twice"
    assert captures_of(one)[0].body == PAGE


def test_a_new_capture_brings_a_page_back_that_is_cold_here(tmp_path: Path) -> None:
    one, two = archive_with(tmp_path, "one", 0, cold=True), archive_with(tmp_path, "two", 60, cold=False)
    merge(one, two)
    with hidden(tmp_path / "cold-one"):
        assert [page.body for page in captures_of(one)] == [PAGE] * 2


def test_a_page_of_two_files_is_read_while_one_is_missing(tmp_path: Path) -> None:
    one, two = archive_with(tmp_path, "one", 0, cold=True), archive_with(tmp_path, "two", 60, cold=True)
    merge(one, two)
    for name in ("one", "two"):
        with hidden(tmp_path / f"cold-{name}"):
            assert [page.body for page in captures_of(one)] == [PAGE] * 2
            assert "1 file in cold storage with 1 page is not available" in findings(one)[1][0]
    with hidden(tmp_path / "cold-one"), hidden_two(tmp_path), pytest.raises(ColdFileUnavailable):
        captures_of(one)
    (warc,) = (tmp_path / "cold-two").glob("*.gz")
    warc.write_bytes(bytes(warc.stat().st_size))
    assert [page.body for page in captures_of(one)] == [PAGE] * 2
    assert "is not that of body" in findings(one, cold=True)[0][0]


@contextmanager
def hidden_two(folder: Path) -> Iterator[None]:
    (folder / "cold-two").rename(folder / "away-two")
    yield
    (folder / "away-two").rename(folder / "cold-two")


def test_a_takedown_after_a_merge_reaches_the_files_of_both_archives(tmp_path: Path) -> None:
    one, two = archive_with(tmp_path, "one", 0, cold=True), archive_with(tmp_path, "two", 60, cold=True)
    merge(one, two)
    with Archive.open(one, mode="write") as archive:
        id = archive.articles.find(URL)
        assert id is not None
        with hidden(tmp_path / "cold-two"), pytest.raises(ColdFileUnavailable, match="Nothing was deleted"):
            archive.deletion.take_down(id, "asked", LATER)
        archive.deletion.take_down(id, "asked", LATER)
        archive.deletion.wipe()
    assert not digests_in(tmp_path / "cold-one")
    assert not digests_in(tmp_path / "cold-two")


def test_pages_of_several_files_return_once(tmp_path: Path) -> None:
    one, two = archive_with(tmp_path, "one", 0, cold=True), archive_with(tmp_path, "two", 60, cold=True)
    merge(one, two)
    with Archive.open(one, mode="write") as archive:
        result = return_pages(archive)
    assert (result.pages, result.damaged, len(result.files)) == (1, 0, 2)
    assert counts(one) == (0, 0)
    assert findings(one, cold=True) == ([], [])


def test_a_move_in_a_copy_is_known_after_the_next_merge_of_it(tmp_path: Path) -> None:
    one = archive_with(tmp_path, "one", 0, cold=False)
    two = Path(shutil.copy(one, tmp_path / "two.db"))
    merge(one, two)
    move_all(two, tmp_path / "cold-one")
    for _ in range(2):
        merge(one, two)
        assert counts(one) == (0, 1)
    moved = move_all(one, tmp_path / "cold-one")
    assert (moved.pages, moved.files) == (1, [])
    assert digests_in(tmp_path / "cold-one") == {PAGE: 1}


steps = st.lists(
    st.tuples(
        st.sampled_from(["one", "two"]), st.sampled_from(["write", "move", "return", "merge"]), st.integers(0, 2)
    ),
    max_size=12,
)


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_no_sequence_of_moves_returns_and_merges_loses_a_page(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("moves")
    paths = {name: archive_with(folder, name, place, cold=False) for place, name in enumerate(("one", "two"))}
    written = {name: {minutes(place): PAGE} for place, name in enumerate(("one", "two"))}
    for minute, (name, step, number) in enumerate(steps, 2):
        other = "two" if name == "one" else "one"
        if step == "write":
            page = b"<h1>Hippogriff</h1>%d" % number
            write(paths[name], minute, page)
            written[name][minutes(minute)] = page
        elif step == "merge":
            merge(paths[name], paths[other])
            written[name] |= written[other]
        else:
            with Archive.open(paths[name], mode="write") as archive:
                if step == "move":
                    move_pages(archive, minutes(minute), folder / f"cold-{name}")
                else:
                    return_pages(archive)
        for each, path in paths.items():
            assert {page.fetched_at: page.body for page in captures_of(path)} == written[each]
    for path in paths.values():
        assert findings(path, cold=True) == ([], [])
