"""Side files: one list for everything that must know them."""

from __future__ import annotations

from pathlib import Path

from caliber_crawler.archive.core.side_files import ENDINGS, delete_side_file, files_of, side_file
from tests.archive.newsroom import Newsroom, minutes


def test_every_file_that_an_analysis_writes_beside_an_archive_is_known(newsroom: Newsroom) -> None:
    archive = newsroom.archive
    for number in range(2):
        newsroom.save(
            minutes(number), article_urls=(f"https://caliber.az/en/post/{number}",), body=f"Text {number}. " * 9
        )
    archive.words.build()
    for search in (archive.copies.find(), archive.editions.find()):
        for _ in search:
            pass
    written = {path for path in Path(archive.path).parent.iterdir() if path.name.startswith(Path(archive.path).name)}
    assert written <= set(files_of(Path(archive.path)))
    assert {side_file(Path(archive.path), ending) for ending in ENDINGS} <= written


def test_deleting_a_side_file_deletes_what_belongs_to_it(tmp_path: Path) -> None:
    path = side_file(tmp_path / "archive.db", ".copies")
    for ending in ("", "-wal", "-shm"):
        Path(f"{path}{ending}").touch()
    delete_side_file(path)
    assert list(tmp_path.iterdir()) == []
    delete_side_file(path)


def test_nothing_of_a_deleted_article_is_left_in_any_side_file(newsroom: Newsroom) -> None:
    archive = newsroom.archive
    newsroom.save(minutes(0), article_urls=("https://caliber.az/en/post/1",), body="Zanzibar and nothing else. " * 20)
    newsroom.save(minutes(1), article_urls=("https://caliber.az/en/post/2",), body="Another article of the day. " * 20)
    archive.words.build()
    assert b"zanzibar" in side_file(Path(archive.path), ".words.db").read_bytes()
    archive.runs.finish(newsroom.run_id, "finished", None, {})
    archive.deletion.take_down(1, "asked for", minutes(5))
    archive.deletion.wipe()
    archive.forget_deleted()
    for path in files_of(Path(archive.path)):
        assert not path.exists() or b"zanzibar" not in path.read_bytes().lower(), path
