"""Codes: imported from coding sheets, checked, and kept through everything that happens to an archive."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from caliber_crawler.archive import Archive, Selection
from caliber_crawler.archive.analysis.coding import CodeImport
from caliber_crawler.archive.analysis.coding.sample import unit_name
from caliber_crawler.commands.cli import main
from caliber_crawler.spreadsheets import read_sheet
from tests.archive.newsroom import Newsroom, minutes
from tests.archive.test_split import BRIDGE, HARVEST, join, page, split
from tests.coding.conftest import TONE

Row = dict[str, str]


def sheet(archive: Archive, count: int = 3, **cells: str) -> list[Row]:
    """Rows of a coding sheet with these cells in each."""
    return [{"unit": unit["unit"], "url": unit["url"], **cells} for unit in archive.coding.sample(count, seed=1).units]


def store(archive: Archive, rows: list[Row], coder: str | None = "Aida", *, replace: bool = False) -> CodeImport:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    return archive.coding.import_codes(columns, rows, coder=coder, replace=replace)


def issues(done: CodeImport) -> list[str]:
    return [str(issue) for issue in done.issues]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def codes(path: Path) -> list[tuple[str, str, str, str]]:
    """URL, variable, coder and code of every code in a file."""
    with closing(sqlite3.connect(path)) as connection:
        return sorted(connection.execute("SELECT url, variable, coder, code FROM coded_articles"))


def test_codes_are_stored_with_coder_time_and_text(archive: Archive) -> None:
    rows = sheet(archive, 2, tone="Negative", actors="EU; Russia", coded_at="2026-01-09T10:00:00+04:00")
    assert store(archive, rows).stored == 6
    of_first = [code for code in archive.coding.codes() if code["article_id"] == archive.articles.find(rows[0]["url"])]
    assert [(code["variable"], code["code"], code["coder"], code["coded_at"]) for code in of_first] == [
        ("actors", "EU", "Aida", "2026-01-09T06:00:00Z"),
        ("actors", "Russia", "Aida", "2026-01-09T06:00:00Z"),
        ("tone", "negative", "Aida", "2026-01-09T06:00:00Z"),
    ]
    assert archive.article(rows[0]["url"])["versions"][-1]["content_digest"] == of_first[0]["content_digest"]


def test_an_empty_cell_is_no_code(archive: Archive) -> None:
    rows = sheet(archive, 3, tone="")
    rows[0]["tone"] = "neutral"
    done = store(archive, rows)
    assert (done.stored, done.empty_rows) == (1, 2)


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        ({"url": "https://caliber.az/none"}, "row 2, column url: the archive has no article 'https://caliber.az/none'"),
        ({"url": ""}, "row 2, column url: empty"),
        ({"unit": "t0123456789abcdef"}, "row 2, column unit: 't0123456789abcdef' is not a text of {url}"),
        ({"unit": ""}, "row 2, column unit: empty"),
        ({"tone": "bad"}, "row 2, column tone: 'bad' is not one of positive, neutral, negative"),
        ({"actors": "EU; USA"}, "row 2, column actors: 'USA' is not one of government, EU, Russia"),
        ({"coder": ""}, "row 2, column coder: nobody is named; fill in the column or use --coder NAME"),
        ({"coded_at": "soon"}, "row 2, column coded_at: 'soon' is not a time; write it as 2026-01-31T10:00:00Z"),
        ({"remark": "x" * 1001}, "row 2, column remark: longer than 1,000 characters"),
        ({"mood": "x"}, "row 1, column mood: not a variable of the codebook (actors, remark, tone)"),
    ],
)
def test_with_one_issue_nothing_is_stored(archive: Archive, change: Row, issue: str) -> None:
    rows = sheet(archive, 2, tone="neutral", coder="Aida")
    url = rows[0]["url"]
    rows[0] |= change
    done = store(archive, rows, coder=None)
    assert issues(done) == [issue.format(url=url)]
    assert archive.coding.codes() == []


def test_double_coding_is_an_issue(archive: Archive) -> None:
    (row,) = sheet(archive, 1, tone="neutral")
    assert issues(store(archive, [row, {**row, "tone": "positive"}])) == [
        "row 3, column tone: Aida coded this article in row 2 as neutral"
    ]
    assert store(archive, [row, row]).stored == 1
    assert issues(store(archive, [{**row, "tone": "positive"}])) == [
        "row 2, column tone: Aida coded this article before as neutral; --replace takes the new code"
    ]
    again = store(archive, [row])
    assert (again.stored, again.known) == (0, 1)


def test_two_coders_may_differ(archive: Archive) -> None:
    rows = sheet(archive, 1, tone="neutral")
    store(archive, rows)
    assert store(archive, [{**row, "tone": "negative"} for row in rows], coder="Bahar").stored == 1
    assert [(row["code"], row["coder"], row["articles"]) for row in archive.coding.counts()] == [
        ("negative", "Bahar", 1),
        ("neutral", "Aida", 1),
    ]


def test_codes_can_be_replaced(archive: Archive) -> None:
    (row,) = sheet(archive, 1, actors="EU; Russia")
    store(archive, [row])
    done = store(archive, [{**row, "actors": "EU; government"}], replace=True)
    assert (done.stored, done.known, done.removed) == (1, 1, 1)
    assert [code["code"] for code in archive.coding.codes()] == ["EU", "government"]


def test_an_edited_article_keeps_its_codes_which_say_that_the_text_changed(archive: Archive) -> None:
    rows = sheet(archive, 1, tone="neutral")
    store(archive, rows)
    url = rows[0]["url"]
    Newsroom(archive, 1).save(minutes(600), article_urls=(url,), headline="Headline", body="Another text.")
    assert archive.db.execute("SELECT code, text_changed FROM coded_articles").fetchall() == [("neutral", 1)]
    # The sheet can still be imported: it names a text that the archive has.
    assert store(archive, rows, coder="Bahar").stored == 1


def test_codes_survive_a_merge(archive: Archive, tmp_path: Path) -> None:
    store(archive, sheet(archive, 4, tone="neutral", actors="EU;Russia"))
    path = tmp_path / "second.db"
    with Archive.open(path, mode="write") as second:
        run_id = second.runs.start("crawl", site="caliber", arguments={}, settings={}, software={})
        Newsroom(second, run_id).save(article_urls=("https://caliber.az/en/post/9",), headline="Another")
        merging = second.merge(archive, {})
        list(merging)
        assert merging.counts["codes"] == 12
        assert second.coding.codebook() == archive.coding.codebook()
        again = second.merge(archive, {})
        list(again)
        assert not again.counts
    assert codes(path) == codes(archive.path)


def test_the_later_coding_of_a_coder_holds_after_a_merge(archive: Archive, tmp_path: Path) -> None:
    (row,) = sheet(archive, 1, tone="neutral", coded_at="2026-01-09T10:00:00Z")
    path = tmp_path / "second.db"
    with Archive.open(path, mode="write") as second:
        list(second.merge(archive, {}))
        store(second, [{**row, "tone": "positive", "coded_at": "2026-01-10T10:00:00Z"}])
        store(archive, [row])
        list(second.merge(archive, {}))
        assert [code["code"] for code in second.coding.codes()] == ["positive"]
        list(archive.merge(second, {}))
    assert [code["code"] for code in archive.coding.codes()] == ["positive"]


def test_a_published_copy_has_the_codes_of_its_articles(archive: Archive, tmp_path: Path) -> None:
    store(archive, sheet(archive, 12, tone="neutral"))
    archive.write_light_copy(Selection(sections=("politics",)), tmp_path / "light.db")
    assert len(codes(tmp_path / "light.db")) == 4
    with Archive.open(tmp_path / "light.db") as light:
        assert TONE in light.coding.codebook()


def test_a_takedown_removes_the_codes(archive: Archive) -> None:
    rows = sheet(archive, 2, tone="neutral")
    store(archive, rows)
    id = archive.articles.find(rows[0]["url"])
    assert id is not None
    archive.deletion.take_down(id, "request", datetime.now(UTC))
    assert [url for url, *_ in codes(archive.path)] == [rows[1]["url"]]
    archive.deletion.wipe()
    assert not any(archive.verify())


def test_a_coded_article_is_not_withdrawn_as_a_wall(archive: Archive) -> None:
    rows = sheet(archive, 2, tone="neutral")
    store(archive, rows[:1])
    ids = [archive.articles.find(row["url"]) or 0 for row in rows]
    archive.articles.withdraw(ids, 1)
    assert [archive.articles.find(row["url"]) for row in rows] == [ids[0], None]


def test_a_backup_and_a_repair_keep_every_code(archive: Archive, tmp_path: Path) -> None:
    store(archive, sheet(archive, 12, tone="neutral", actors="EU; Russia"))
    expected = codes(archive.path)
    copy = archive.backup(tmp_path / "backup.db")
    assert codes(copy) == expected
    with closing(sqlite3.connect(copy)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'codes'").fetchone()[0]
    with copy.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(bytes(size))
    assert Archive.verify_file(copy).findings
    Archive.repair_file(copy, lambda opened: None, {})
    assert codes(copy) == expected
    assert Archive.verify_file(copy).findings == []


def test_the_commands_do_it_all(archive: Archive, tmp_path: Path) -> None:
    archive.close()
    book, first, second = tmp_path / "book.toml", tmp_path / "first.csv", tmp_path / "second.csv"
    book.write_text('[tone]\ncodes = ["positive", "negative"]\n', "utf-8")
    at = ("--archive", archive.path)
    assert run("codes", "codebook", book, *at).exit_code == 0
    drawn = run("sample", "--n", 6, "--seed", 1, "--by", "section,month", "-o", first, "--coder", "Aida", *at)
    assert drawn.exit_code == 0, drawn.output
    assert "Drew 6 of 12 articles" in drawn.stderr
    assert "politics / 2026-01: 2 of 4" in drawn.stderr
    read = read_sheet(first)
    assert read.columns[-1] == "tone"
    for path, coder, chosen in ((first, "Aida", "positive"), (second, "Bahar", "negative")):
        lines = [",".join(read.columns)]
        for place, row in enumerate(read.rows):
            tone = chosen if place < 2 else "positive"
            cells = {**row, "coder": coder, "tone": tone, "text": "", "headline": ""}
            lines.append(",".join(cells[name] for name in read.columns))
        path.write_text("\n".join(lines), "utf-8")
        done = run("codes", "import", path, *at)
        assert done.exit_code == 0, done.output
        assert "Stored 6 codes" in done.stderr
    assert "positive  Bahar" in run("codes", "list", *at).stdout
    (found,) = json.loads(run("codes", "agreement", "--json", *at).stdout)
    assert (found["articles"], round(found["percent"], 3)) == (6, 0.667)
    second.write_text(second.read_text("utf-8").replace("negative", "bad"), "utf-8")
    refused = run("codes", "import", second, *at)
    assert refused.exit_code == 3
    assert f"{second}, row 2, column tone: 'bad' is not one of positive, negative." in refused.stdout


def test_a_sheet_needs_a_codebook_and_its_columns(archive: Archive, tmp_path: Path) -> None:
    path = tmp_path / "sheet.csv"
    path.write_text("headline,tone\na,positive\n", "utf-8")
    archive.close()
    missing = run("codes", "import", path, "--archive", archive.path)
    assert (missing.exit_code, missing.stderr) == (
        2,
        "Error: The sheet has no column 'unit'. Use the sheet that `caliber sample` wrote.\n",
    )
    with Archive.open(tmp_path / "empty.db", mode="write"):
        pass
    without = run("codes", "import", path, "--archive", tmp_path / "empty.db")
    assert without.exit_code == 2
    assert "has no codebook" in without.stderr
    with closing(sqlite3.connect(archive.path)) as connection:
        assert connection.execute("SELECT count(*) FROM runs WHERE command = 'codes import'").fetchone() == (0,)


@pytest.mark.parametrize("in_place", [True, False], ids=["overwritten", "merged"])
def test_a_split_moves_codes_to_the_article_of_their_text(tmp_path: Path, in_place: bool) -> None:
    with Archive.open(tmp_path / "archive.db", mode="write") as archive:
        newsroom = Newsroom(archive, archive.runs.start("crawl", site="news", arguments={}, settings={}, software={}))
        archive.coding.replace_codebook([TONE])
        pages = [page(newsroom, url, minute) for minute, url in enumerate((BRIDGE, HARVEST))]
        join(newsroom, pages, in_place=in_place)
        versions = archive.article(1)["versions"]
        for version, tone in zip(versions, ("neutral", "negative"), strict=True):
            row = {"unit": unit_name(version["content_digest"]), "url": BRIDGE, "tone": tone}
            assert not store(archive, [row], coder=version["headline"]).issues
        split(newsroom, pages)
        assert [(code["article_id"], code["coder"], code["code"]) for code in archive.coding.codes()] == [
            (1, "Bridge rebuilt", "neutral"),
            (2, "Harvest gathered", "negative"),
        ]


def test_codes_are_filters_everywhere(archive: Archive) -> None:
    rows = sheet(archive, 12)
    store(archive, [{**row, "tone": tone} for row, tone in zip(rows, ["neutral"] * 3 + ["negative"] * 2, strict=False)])
    store(archive, [{**row, "actors": "EU"} for row in rows[2:4]], coder="Bahar")
    urls = {row["url"] for row in rows[:3]}
    assert {row["url"] for row in archive.articles(code="tone=neutral")} == urls
    assert len(archive.articles(code="tone")) == 5
    assert [row["url"] for row in archive.articles(code=["tone=neutral", "actors=EU"])] == [rows[2]["url"]]
    assert archive.articles(code="tone=positive") == []
    assert {hit.url for hit in archive.search("text", code="tone=neutral")} == urls
    assert sum(row["articles"] for row in archive.attention(["text"], code="tone=neutral")) == 3
    assert len(archive.coding.sample(100, seed=1, code="tone=negative").units) == 2


def test_a_search_and_an_export_take_codes(archive: Archive) -> None:
    store(archive, sheet(archive, 2, tone="neutral"))
    archive.close()
    at = ("--code", "tone=neutral", "--archive", archive.path)
    assert len(json.loads(run("search", "text", "--json", *at).stdout)) == 2
    assert len(run("export", "jsonl", *at).stdout.splitlines()) == 2
    assert "Drew 2 of 2 articles" in run("sample", "--n", 9, "--seed", 1, *at).stderr
