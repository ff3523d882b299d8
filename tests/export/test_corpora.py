"""Corpora: a file per article, vertical text, CoNLL-U."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.export.documents import file_name, write_documents
from caliber_crawler.export.file_set import Folder, ZipFolder
from caliber_crawler.export.vertical import write_conllu, write_vertical
from caliber_crawler.tokenization import word_texts
from tests.archive.newsroom import NOON, Newsroom
from tests.export.newspaper import HOSTILE, print_hostile_articles

COLUMNS = ["id", "headline", "language", "url", "authors"]


def rows(archive: Archive, *, versions: bool = False) -> list[Any]:
    return list(archive.rows_of_kind(Selection(), "versions" if versions else "articles"))


def test_a_text_file_for_each_article_and_its_metadata(three_editions: Path, tmp_path: Path) -> None:
    with Archive.open(three_editions) as archive:
        assert write_documents(rows(archive), COLUMNS, Folder(tmp_path), ".txt") == 6
    names = sorted(path.name for path in tmp_path.glob("*.txt"))
    assert names[0] == "2026-01-07_caliber_en_1.txt"
    assert (tmp_path / names[0]).read_text(
        "utf-8"
    ) == "Headline 1, changed\n\nOn January 5 the president spoke.\n\nThis course is right.\n"
    metadata = list(csv.DictReader(io.StringIO((tmp_path / "metadata.csv").read_text("utf-8"))))
    assert sorted(row["filename"] for row in metadata) == names
    assert [*metadata[0]] == ["filename", *COLUMNS]
    assert {row["id"] for row in metadata} == {name.removesuffix(".txt").rpartition("_")[2] for name in names}


def test_equal_archives_give_equal_zip_files(three_editions: Path) -> None:
    files = []
    for _ in range(2):
        file = io.BytesIO()
        with Archive.open(three_editions) as archive:
            packed = ZipFolder(file, "corpus")
            write_documents(rows(archive, versions=True), COLUMNS, packed, ".md")
            packed.close()
        files.append(file.getvalue())
    assert files[0] == files[1]
    with zipfile.ZipFile(io.BytesIO(files[0])) as packed_files:
        assert "corpus/2026-01-07_caliber_en_1_v2.md" in packed_files.namelist()
        assert len(packed_files.namelist()) == 8


def test_markdown_has_the_structure_of_the_body(newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.save(headline="A *bold* [claim]", subtitle="Why", body="One.\n\nTwo.", body_markdown="**One.**\n\n- Two.")
    write_documents(rows(newsroom.archive), ["id"], Folder(tmp_path), ".md")
    (path,) = tmp_path.glob("*.md")
    assert path.read_text("utf-8") == "# A \\*bold\\* \\[claim\\]\n\n*Why*\n\n**One.**\n\n- Two.\n"


@pytest.mark.parametrize("site", ["../../etc", "con", "a/b\\c", "Ünï", "", "x" * 300])
def test_file_names_are_safe(site: str) -> None:
    row = {"published_local": None, "published_at": None, "site": site, "language": "en-GB", "id": 17, "version": 2}
    name = file_name(row, ".txt")
    assert re.fullmatch(r"undated_[a-z0-9-]{1,40}_en-gb_17_v2\.txt", name)


def test_vertical_text_has_every_word_in_its_sentence(newsroom: Newsroom) -> None:
    newsroom.save(
        headline="Baku’s talks", body='He said: "A & B <ok>." Then I. Aliyev left.\n\nВсё.', authors=("A. B", "C")
    )
    file = io.StringIO(newline="")
    assert write_vertical(rows(newsroom.archive), COLUMNS, file) == 1
    tree = etree.fromstring(f"<corpus>{file.getvalue()}</corpus>".encode())
    (text,) = tree
    assert text.get("authors") == "A. B; C"
    assert [p.get("type") for p in text] == ["headline", "body", "body"]
    sentences = [[line.split("\t") for line in s.text.strip().split("\n")] for s in tree.iter("s")]
    assert [[form for form, _ in sentence] for sentence in sentences] == [
        ["Baku’s", "talks"],
        ["He", "said", ":", '"', "A", "&", "B", "<", "ok", ">", ".", '"'],
        ["Then", "I", ".", "Aliyev", "left", "."],
        ["Всё", "."],
    ]
    assert sentences[0] == [["Baku’s", "baku's"], ["talks", "talks"]]


def parse_conllu(text: str) -> list[tuple[dict[str, str], list[list[str]]]]:
    """Sentences: their comments and their tokens, checked by the rules of the format."""
    assert text.endswith("\n\n") or not text
    found = []
    for block in text.split("\n\n")[:-1]:
        lines = block.split("\n")
        comments = dict(line[2:].split(" = ", 1) for line in lines if line.startswith("# "))
        tokens = [line.split("\t") for line in lines if not line.startswith("# ")]
        assert [token[0] for token in tokens] == [str(number) for number in range(1, len(tokens) + 1)]
        assert all(len(token) == 10 and all(token) for token in tokens)
        rebuilt = "".join(token[1] + ("" if token[9] == "SpaceAfter=No" else " ") for token in tokens)
        assert rebuilt.strip() == comments["text"]
        found.append((comments, tokens))
    return found


def test_conllu_has_documents_paragraphs_and_sentences(newsroom: Newsroom) -> None:
    newsroom.save(headline="Talks", body="They met. They left!\n\nIt's over.")
    file = io.StringIO(newline="")
    assert write_conllu(rows(newsroom.archive), COLUMNS, file) == 1
    sentences = parse_conllu(file.getvalue())
    assert [comments["text"] for comments, _ in sentences] == ["Talks", "They met.", "They left!", "It's over."]
    assert [comments.get("newpar id") for comments, _ in sentences] == [
        "caliber-1-p1",
        "caliber-1-p2",
        None,
        "caliber-1-p3",
    ]
    assert sentences[0][0]["newdoc id"] == "caliber-1"
    assert [token[1] for token in sentences[3][1]] == ["It's", "over", "."]


def test_hostile_texts_keep_the_formats_whole(newsroom: Newsroom, tmp_path: Path) -> None:
    print_hostile_articles(newsroom)
    every = rows(newsroom.archive)
    vertical = io.StringIO(newline="")
    write_vertical(every, COLUMNS, vertical)
    tree = etree.fromstring(f"<corpus>{vertical.getvalue()}</corpus>".encode())
    assert len(tree) == len(HOSTILE)
    conllu = io.StringIO(newline="")
    write_conllu(every, COLUMNS, conllu)
    words = [token[1] for _, tokens in parse_conllu(conllu.getvalue()) for token in tokens if token[3] == "_"]
    texts = [row[part] for row in every for part in ("headline", "subtitle", "body")]
    assert words == [word for text in texts for word in word_texts(text)]
    folder = tmp_path / "corpus"
    folder.mkdir()
    assert write_documents(every, COLUMNS, Folder(folder), ".txt") == len(HOSTILE)
    assert len(list(folder.iterdir())) == len(HOSTILE) + 1


def test_a_row_for_each_published_version(newsroom: Newsroom) -> None:
    newsroom.save(headline="First", authors=("A", "B; C"))
    newsroom.save(NOON + timedelta(hours=2), headline="Second")
    first, second = rows(newsroom.archive, versions=True)
    assert (first["version"], first["headline"], first["author_names"]) == (1, "First", ["A", "B; C"])
    assert (second["version"], second["headline"], second["cause"]) == (2, "Second", "edit")
    assert first["id"] == second["id"]
    assert (first["seen_from"], first["retrieved_at"]) == ("2026-01-07T12:00:00Z", "2026-01-07T12:00:00Z")


@pytest.mark.slow
def test_the_formats_of_the_command(caliber: Callable[..., Any], three_editions: Path, tmp_path: Path) -> None:
    def export(*arguments: object) -> Any:
        return caliber("export", *arguments, "--archive", three_editions)

    folder = tmp_path / "corpus"
    assert export("txt", "-o", folder, "--language", "en", "--fields", "id,section").exit_code == 0
    assert sorted(path.suffix for path in folder.iterdir()) == [".csv", ".txt", ".txt"]
    again = export("txt", "-o", folder)
    assert again.exit_code == 11
    assert "is not empty" in again.stderr
    assert len(list(folder.iterdir())) == 3
    assert list(tmp_path.glob(".*")) == []
    lines = export("jsonl", "--fields", "authors,id", "--limit", "1").stdout.splitlines()
    assert lines == ['{"authors": [], "id": 1}']
    versions = export("csv", "--versions", "--language", "en")
    assert "Exported 3 versions" in versions.stderr
    views = list(csv.DictReader(io.StringIO(export("csv", "--view-counts", "--language", "en").stdout)))
    assert [row["views"] for row in views] == ["1", "100", "2"]
    assert export("xlsx", "-o", tmp_path / "articles.xlsx").exit_code == 0
    assert export("vrt").stdout.count("<text ") == 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["csv", "--fields", "colour"], "There is no field 'colour'; available: id, headline"),
        (["rss", "--fields", "id"], "--fields is for conllu, csv"),
        (["warc", "--versions", "-o", "x"], "--versions is for"),
        (["csv", "--versions", "--view-counts"], "Use either --versions or --view-counts"),
        (["txt"], "Format txt needs an output file"),
        (["csv", "-o", "."], "is a folder"),
    ],
)
def test_a_mistake_is_one_sentence(
    caliber: Callable[..., Any], three_editions: Path, arguments: list[str], message: str
) -> None:
    result = caliber("export", *arguments, "--archive", three_editions)
    assert result.exit_code in (2, 4)
    assert message in " ".join(result.stderr.split())
    assert result.stdout == ""
