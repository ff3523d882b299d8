"""The item pipelines as Scrapy users expect them: feed exports, custom pipelines between them, stages used alone."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AT, ROOT, Result, run_module, unbalanced

pytestmark = pytest.mark.slow

STAGES = {name: f"caliber_crawler.pipelines.{name}Pipeline" for name in ("Capture", "Clean", "Extract", "Check")}
GUIDE = ROOT / "docs/guides/pipelines.md"

BETWEEN = """
import dataclasses, json, pathlib
from itemadapter import ItemAdapter

class Recorder:
    place = ""

    def process_item(self, item):
        names = sorted(ItemAdapter(item).asdict())
        with pathlib.Path(__file__).with_suffix(".log").open("a") as log:
            log.write(json.dumps([self.place, type(item).__name__, names]) + "\\n")
        return item

for place in ("capture", "clean", "extract", "check", "archive"):
    globals()[place.title()] = type(place, (Recorder,), {"place": place})

class Shout:
    def process_item(self, item):
        if type(item).__name__ != "Extraction":
            return item
        article = dataclasses.replace(item.article, headline=item.article.headline.upper())
        return dataclasses.replace(item, article=article)

class FailOnce:
    done = False

    def process_item(self, item):
        if type(item).__name__ == "Extraction" and not FailOnce.done:
            FailOnce.done = True
            raise ZeroDivisionError("an unexpected article")
        return item
"""

PLAIN = """
import scrapy
from caliber_crawler.pipelines import capture_from

class PlainSpider(scrapy.Spider):
    name = "plain"
    custom_settings = {"ITEM_PIPELINES": {STAGES}, "ARCHIVE": {ARCHIVE}}

    def parse(self, response):
        yield {"another": "item"}
        yield capture_from(response)
"""


def scrapy(*arguments: object, folder: Path = ROOT, expect_traceback: bool = False, **variables: str) -> Result:
    done = run_module("scrapy", *arguments, folder=folder, **variables)
    assert ("Traceback" in done.stderr) == expect_traceback, done.stderr
    return done


def lines_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def articles_in(archive: Path) -> dict[str, dict[str, Any]]:
    with closing(sqlite3.connect(archive)) as connection:
        connection.row_factory = sqlite3.Row
        return {row["url"]: dict(row) for row in connection.execute("SELECT * FROM article_texts")}


def crawl(base_url: str, archive: Path, *options: object, expect_traceback: bool = False, **variables: str) -> Result:
    arguments = ("-a", f"base_url={base_url}", "-a", "section=analytics", "-a", "language=en")
    fast = ("-s", "DOWNLOAD_DELAY=0", "-s", f"ARCHIVE={archive}")
    return scrapy("crawl", "caliber", *arguments, *fast, *options, expect_traceback=expect_traceback, **variables)


def test_feed_exports_contain_one_item_per_archived_article(serve: Callable[..., Any], tmp_path: Path) -> None:
    archive, lines, table = tmp_path / "a.db", tmp_path / "items.jsonl", tmp_path / "items.csv"
    with serve(articles=90) as site:
        result = crawl(site.base_url, archive, "-O", lines, "-O", table)
        truth = site.truth(section="analytics", language="en")
    stored, items = articles_in(archive), lines_of(lines)
    assert len(items) == len(stored) == len(truth) > 3
    assert not re.search(r"WARNING.*(?:drop|item)", result.stderr, re.I)
    for item in items:
        row = stored.pop(item["url"])
        for name in ("headline", "subtitle", "body", "section", "section_label", "language", "views", "signature"):
            assert item[name] == row[name], name
        assert item["published_at"] == row["published_local"]
        assert datetime.fromisoformat(item["published_at"]) == datetime.fromisoformat(row["published_at"])
        assert "; ".join(item["authors"]) == (row["authors"] or "")
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(items)
    for item, row in zip(items, rows, strict=True):
        assert row == {name: _cell(name, value) for name, value in item.items()}


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in ("images", "links"):
        return json.dumps(value, ensure_ascii=False) if value else ""
    return "; ".join(value) if isinstance(value, list) else str(value)


def test_a_custom_pipeline_may_be_between_any_two_stages(serve: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "between.py").write_text(BETWEEN)
    places = dict(zip(("Capture", "Clean", "Extract", "Check", "Archive"), (150, 250, 350, 450, 550), strict=True))
    own = {f"between.{name}": place for name, place in places.items()} | {"between.Shout": 360}
    stages = {f"caliber_crawler.pipelines.{name}Pipeline": place - 50 for name, place in places.items()}
    archive = tmp_path / "a.db"
    with serve(articles=30) as site:
        settings = ("-s", f"ITEM_PIPELINES={json.dumps(stages | own)}", "-O", tmp_path / "items.jsonl")
        crawl(site.base_url, archive, *settings, PYTHONPATH=str(tmp_path))
    seen = {(place, item) for place, item, _ in lines_of(tmp_path / "between.log")}
    assert seen == {
        ("capture", "Capture"),
        ("clean", "CleanedPage"),
        ("extract", "Extraction"),
        ("extract", "Listing"),
        ("check", "Extraction"),
        ("check", "Listing"),
        ("archive", "Article"),
    }
    headlines = {row["headline"] for row in articles_in(archive).values()}
    assert headlines
    assert headlines == {headline.upper() for headline in headlines}
    assert headlines == {item["headline"] for item in lines_of(tmp_path / "items.jsonl")}


def test_an_error_of_a_custom_pipeline_is_recorded_and_fails_only_its_page(
    serve: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "between.py").write_text(BETWEEN)
    archive = tmp_path / "a.db"
    stages = {f"caliber_crawler.pipelines.{name}Pipeline": n for n, name in enumerate((*STAGES, "Archive"), 1)}
    with serve(articles=60) as site:
        settings = ("-s", f"ITEM_PIPELINES={json.dumps({**stages, 'between.FailOnce': 3.5})}")
        crawl(site.base_url, archive, *settings, expect_traceback=True, PYTHONPATH=str(tmp_path))
        truth = site.truth(section="analytics", language="en")
    assert len(articles_in(archive)) == len(truth) - 1
    assert unbalanced(archive) == []
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("SELECT reason FROM problems WHERE fatal").fetchall() == [("internal_error",)]
        assert connection.execute("SELECT count(*) FROM frontier WHERE state = 'failed'").fetchall() == [(1,)]


def test_scrapy_parse_prints_the_capture_of_a_page(serve: Callable[..., Any], tmp_path: Path) -> None:
    with serve() as site:
        (url, *_) = (page["url"] for page in site.site.truth(AT) if page["language"] == "en")
        options = ("-a", f"base_url={site.base_url}", "-s", f"ARCHIVE={tmp_path / 'a.db'}", "--nocolour")
        result = scrapy("parse", url, "--spider", "caliber", *options)
    assert result.exit_code == 0
    assert f"'url': '{url}'" in result.stdout
    assert "'kind': 'article'" in result.stdout


@pytest.mark.parametrize(
    ("stages", "fields"),
    [
        (["Capture"], {"url", "status", "body", "id"}),
        (["Clean"], {"layout", "html"}),
        (["Extract"], {"article", "layout", "methods"}),
        (["Clean", "Extract"], {"article", "layout", "methods"}),
        (["Extract", "Check"], {"article", "warnings"}),
        (["Extract", "Archive"], {"headline", "body", "published_at"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_stage_can_be_used_alone_in_another_project(
    serve: Callable[..., Any], tmp_path: Path, stages: list[str], fields: set[str]
) -> None:
    known = STAGES | {"Archive": "caliber_crawler.pipelines.ArchivePipeline"}
    pipelines = {known[name]: 100 * number for number, name in enumerate(stages, 1)}
    archive = tmp_path / "plain.db"
    spider = PLAIN.replace("{STAGES}", repr(pipelines)).replace("{ARCHIVE}", repr(str(archive)))
    (tmp_path / "plain.py").write_text(spider)
    with serve() as site:
        (url, *_) = (page["url"] for page in site.site.truth(AT) if page["language"] == "en")
        truth = next(page for page in site.truth().values() if page["url"] == url)
        _run_spider(tmp_path / "plain.py", url)
    other, item = lines_of(tmp_path / "items.jsonl")
    assert other == {"another": "item"}
    assert fields <= item.keys()
    text = json.dumps(item, ensure_ascii=False)
    assert truth["headline"] in text
    assert archive.exists() == bool({"Capture", "Archive"} & set(stages))
    if "Archive" in stages:
        assert articles_in(archive)[url]["headline"] == truth["headline"]


def test_the_example_in_the_documentation_runs(serve: Callable[..., Any], tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    (tmp_path / "headlines.py").write_text(example)
    with serve() as site:
        (url, *_) = (page["url"] for page in site.site.truth(AT) if page["language"] == "en")
        truth = next(page for page in site.truth().values() if page["url"] == url)
        _run_spider(tmp_path / "headlines.py", url)
    (item,) = lines_of(tmp_path / "items.jsonl")
    assert item["article"]["headline"] == truth["headline"]


def _run_spider(spider: Path, url: str) -> None:
    source = spider.read_text().replace("    def parse", f"    start_urls = [{url!r}]\n\n    def parse", 1)
    spider.write_text(source)
    result = scrapy("runspider", spider, "-O", spider.parent / "items.jsonl", folder=spider.parent)
    assert result.exit_code == 0
