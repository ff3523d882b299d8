"""The Python API and the example notebook."""

from __future__ import annotations

import runpy
import sys
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

import caliber_crawler
from caliber_crawler import Archive
from caliber_crawler.archive import COLUMNS
from caliber_crawler.errors import NoSuchArticle
from tests.export.newspaper import SITE
from tests.warc.newsstand import crawled, take_in

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "notebook.py"


def numbers(rows: list[dict[str, object]]) -> list[int]:
    return [int(str(row["url"]).rpartition("/")[2]) for row in rows]


def test_articles_are_selected_by_keyword_arguments(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        assert numbers(archive.articles()) == [1, 11, 21, 2, 12, 22]
        assert numbers(archive.articles(language="en")) == [1, 2]
        assert numbers(archive.articles(language=["ru", "hy"], section="politics")) == [12, 22]
        assert numbers(archive.articles(search="corridor", newest_first=True, limit=2)) == [22, 12]
        assert numbers(archive.articles(site="caliber", until="2026-01-07T13:00:00Z")) == [1]
        with pytest.raises(TypeError, match="sections"):
            archive.articles(sections="politics")


@pytest.mark.parametrize(
    "since",
    ["2026-02-01", "2026-02-01T00:00:00Z", "2026-02-01T04:00:00+04:00", date(2026, 2, 1), datetime(2026, 2, 1)],  # noqa: DTZ001
)
def test_a_time_is_accepted_in_several_forms(three_editions: Path, since: str | date) -> None:
    with Archive.open(three_editions) as archive:
        assert numbers(archive.articles(since=since)) == [2, 12, 22]


def test_an_article_is_found_by_id_or_url(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        article = archive.article("https://caliber.az/en/post/1")
        assert article == archive.article(article["id"])
        assert [version["headline"] for version in article["versions"]] == ["Headline 1", "Headline 1, changed"]
        with pytest.raises(NoSuchArticle):
            archive.article("https://caliber.az/en/post/404")


def test_view_counts_have_their_growth(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        readings = archive.views("https://caliber.az/en/post/1")
        assert [(row["views"], row["gained"]) for row in readings] == [(1, None), (100, 99)]
        assert len(archive.views(language="en")) == 3
        assert len(archive.views()) == 7


def test_a_data_frame_has_times_and_integers(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        frame = archive.to_pandas(archive.articles())
        views = archive.to_pandas(archive.views())
    assert list(frame.columns) == list(COLUMNS)
    assert frame["published_at"].iloc[0] == pd.Timestamp("2026-01-07T12:00:00Z")
    assert frame["gone_at"].isna().all()
    assert frame["views"].sum() == 100 + 2 + 11 + 12 + 21 + 22
    assert pd.api.types.is_integer_dtype(views["gained"].dtype)
    assert (frame["reuse"] == SITE.reuse).all()
    assert str(frame["published_at"].dtype).endswith("UTC]")


def test_an_empty_result_is_an_empty_frame(three_editions: Path) -> None:
    with Archive.open(three_editions) as archive:
        assert archive.to_pandas(archive.articles(search="volcano")).empty


def test_an_unknown_name_cannot_be_imported() -> None:
    assert caliber_crawler.Archive is Archive
    with pytest.raises(AttributeError, match="Archiv"):
        _ = caliber_crawler.Archiv  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_worked_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "demo.db"
    take_in(path, crawled(40))
    monkeypatch.setattr(sys, "argv", ["notebook.py", str(path)])
    runpy.run_path(str(SCRIPT))
    said = capsys.readouterr().out
    assert "articles of Caliber.Az: Any use of materials" in said
    assert "https://caliber.az/" in said
    assert "version 1 (first)" in said
    assert "*" in said
