"""Inputs of bulk extraction: files, folders and path lists, and the errors of those that are refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.bulk import find_inputs
from caliber_crawler.bulk.inputs import is_database, lines_of
from caliber_crawler.errors import InputError, NoPages, NotAPage
from tests.warc.records import in_members, page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two web archives and other files."""
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/folder.warc.gz").mkdir()
    for name in ("b.warc.gz", "deep/A.WARC.GZ"):
        (tmp_path / "in" / name).write_bytes(in_members(page(1)))
    (tmp_path / "in/page.html").write_text("<h1>A page</h1>")
    return tmp_path / "in"


def names(paths: tuple[Path, ...], folder: Path) -> list[str]:
    return [str(path.relative_to(folder.resolve())) for path in paths]


def test_the_web_archives_of_a_folder_are_found_in_order(folder: Path) -> None:
    inputs = find_inputs([folder])
    assert (names(inputs.files, folder), inputs.refused) == (["b.warc.gz", "deep/A.WARC.GZ"], ())


def test_a_file_named_twice_is_one_input(folder: Path) -> None:
    inputs = find_inputs([folder / "deep/../b.warc.gz", folder, folder / "b.warc.gz"])
    assert names(inputs.files, folder) == ["b.warc.gz", "deep/A.WARC.GZ"]


def test_an_archive_is_an_input(folder: Path) -> None:
    Archive.open(folder / "a.db", mode="write").close()
    assert is_database(folder / "a.db")
    assert not is_database(folder / "page.html")
    assert names(find_inputs([folder / "a.db"]).files, folder) == ["a.db"]


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("absent.warc", InputError, "does not exist"),
        ("absent.paths", InputError, "does not exist"),
        ("page.html", NotAPage, "neither a web archive"),
        ("folder.warc.gz", NoPages, "contains no web archives"),
    ],
)
def test_a_refused_input_does_not_affect_the_others(
    folder: Path, name: str, error: type[InputError], words: str
) -> None:
    inputs = find_inputs([folder / name, folder / "b.warc.gz"])
    assert names(inputs.files, folder) == ["b.warc.gz"]
    ((refused),) = inputs.refused
    assert type(refused) is error
    assert words in str(refused)


@pytest.mark.parametrize("packed", [False, True])
def test_the_lines_of_a_path_list_are_relative_to_its_folder_or_a_prefix(folder: Path, packed: bool) -> None:
    text = b"\n b.warc.gz \n\nabsent.warc.gz\n"
    for place, prefix in ((folder, None), (folder.parent, folder)):
        paths = place / ("list.PATHS.GZ" if packed else "list.paths")
        paths.write_bytes(gzip.compress(text) if packed else text)
        inputs = find_inputs([paths], prefix)
        assert names(inputs.files, folder) == ["b.warc.gz"]
        assert ["absent.warc.gz" in str(refused) for refused in inputs.refused] == [True]


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("list.paths", b" \n\n", NoPages),
        ("list.paths", b"\xff\xfe", InputError),
        ("list.paths.gz", b"plain text", InputError),
        ("list.paths.gz", gzip.compress(b"a.warc.gz", mtime=0)[:-9], InputError),
    ],
)
def test_an_invalid_path_list_is_refused(tmp_path: Path, name: str, content: bytes, error: type[InputError]) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error) as raised:
        lines_of(tmp_path / name)
    assert type(raised.value) is error
    assert [type(refused) for refused in find_inputs([tmp_path / name]).refused] == [error]
