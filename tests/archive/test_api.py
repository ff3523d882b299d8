"""The Python API of an archive: its parameters, and the types of its results."""

from __future__ import annotations

import inspect
import types
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict, Union, Unpack, get_args, get_origin, get_type_hints, is_typeddict

import pandas as pd
import pytest
import sqlite_utils

from caliber_crawler import archive as public
from caliber_crawler.archive import COLUMNS, Archive, ArticleFilter, Search
from caliber_crawler.archive.analyses import Analyses
from caliber_crawler.archive.analysis import attention
from caliber_crawler.archive.analysis.alerts.interface import SavedSearches
from caliber_crawler.archive.analysis.coding.interface import ContentAnalysis
from caliber_crawler.archive.analysis.copies import Copies
from caliber_crawler.archive.analysis.editions import Editions
from caliber_crawler.archive.analysis.names import Names
from caliber_crawler.archive.analysis.words.words import Words
from caliber_crawler.archive.core import rows
from caliber_crawler.archive.core.takedowns import Takedowns
from caliber_crawler.archive.merge.merge import Merge
from caliber_crawler.archive.pages.ranges import CaptureRange
from caliber_crawler.archive.queue.hosts import Hosts
from caliber_crawler.archive.reports.runs import RunRecord, Runs
from caliber_crawler.archive.reports.site_facts import SiteFact, SiteFacts
from caliber_crawler.archive.reports.sites import Sites
from caliber_crawler.archive.search.selection import ArticleRow
from caliber_crawler.archive.search.text_rows import ExportRow, RowKind
from caliber_crawler.archive.tables import Tables
from caliber_crawler.archive.texts.articles import Articles, Reextract
from caliber_crawler.archive.texts.citation_styles import CitationStyle
from caliber_crawler.archive.texts.cited_texts import CitedText
from caliber_crawler.archive.upkeep.deletion import Deletion
from caliber_crawler.archive.upkeep.file_repair import Check, Progress
from caliber_crawler.archive.upkeep.verification import Verification
from caliber_crawler.items import Capture, Image, Link
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.throttle import LastRequest
from tests.archive.newsroom import NOON, SLUG_URL, Newsroom, minutes
from tests.warc.newsstand import HTML, PAGE, take_in

LAZY_TYPES = {
    "Editions": Editions,
    "DataFrame": pd.DataFrame,
    "Database": sqlite_utils.Database,
    "ContentAnalysis": ContentAnalysis,
    "SavedSearches": SavedSearches,
    "Copies": Copies,
    "Names": Names,
    "Words": Words,
    **{name: getattr(attention, name) for name in ("Attention", "Breakdown", "Period", "ViewsAt")},
    **{name: getattr(public, name) for name in public.__all__},
    "CaptureRange": CaptureRange,
    "ExportRow": ExportRow,
    "RowKind": RowKind,
    "Reextract": Reextract,
    "CitationStyle": CitationStyle,
    "CitedText": CitedText,
    "Check": Check,
    "Progress": Progress,
    "Verification": Verification,
    "Capture": Capture,
    "Merge": Merge,
}
TABLES = {
    "article_urls": rows.ArticleUrlRow,
    "captures": rows.CaptureRow,
    "frontier": rows.FrontierRow,
    "hosts": rows.HostRow,
    "site_facts": rows.SiteFactRow,
    "sites": rows.SiteRow,
    "versions": rows.VersionRow,
    "view_counts": rows.ViewCountRow,
}


@pytest.fixture
def full(newsroom: Newsroom) -> Newsroom:
    """An archive with a value in every field: two versions, view counts, an image, a link and a host."""
    archive = newsroom.archive
    archive.sites.store(CaliberSpider.site)
    archive.hosts.record_request("caliber.az", LastRequest(NOON, 1.0))
    archive.site_facts.confirm("caliber", [SiteFact("headline_selector", "h1", 9, 10)], NOON)
    image, link = Image(url="https://caliber.az/x.jpg", alt="A"), Link(url="https://example.org/", text="there")
    newsroom.save(views=100, images=(image,), links=(link,), authors=("Vugar B.",), subtitle="Of the region")
    newsroom.save(minutes(60), headline="Baku’s new formula", views=250)
    newsroom.save(minutes(90), article_urls=("https://caliber.az/en/post/undated",), published_at=None, section=None)
    archive.runs.finish(newsroom.run_id, "finished", None, {"found": 2})
    return newsroom


def mismatches(value: object, hint: Any, place: str = "") -> Iterable[str]:
    """The places at which a value does not match a type, recursively."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_typeddict(hint):
        if not isinstance(value, dict):
            yield f"{place}: {value!r} is not {hint}"
            return
        hints = get_type_hints(hint, include_extras=False)
        if value.keys() != hints.keys():
            yield f"{place}: {sorted(value.keys() ^ hints.keys())}"
        for name in value.keys() & hints.keys():
            yield from mismatches(value[name], hints[name], f"{place}.{name}")
    elif is_dataclass(hint):
        for field, inner in get_type_hints(hint).items():
            yield from mismatches(getattr(value, field), inner, f"{place}.{field}")
    elif origin in (Union, types.UnionType):
        if all(list(mismatches(value, part, place)) for part in arguments):
            yield f"{place}: {value!r} is not {hint}"
    elif origin is Literal:
        if value not in arguments:
            yield f"{place}: {value!r} is not {hint}"
    elif origin in (list, tuple):
        if not isinstance(value, origin):
            yield f"{place}: {value!r} is not {hint}"
            return
        inner = arguments if origin is tuple and Ellipsis not in arguments else [arguments[0]] * len(value)
        for number, (each, kind) in enumerate(zip(value, inner, strict=True)):
            yield from mismatches(each, kind, f"{place}[{number}]")
    elif origin is dict:
        if not isinstance(value, dict):
            yield f"{place}: {value!r} is not {hint}"
            return
        for name, each in value.items():
            yield from mismatches(each, arguments[1], f"{place}[{name!r}]")
    elif hint is not Any and not isinstance(value, (float, int) if hint is float else hint):
        yield f"{place}: {value!r} is not {hint}"


def return_type(method: Any) -> Any:
    return get_type_hints(method, localns=LAZY_TYPES)["return"]


def test_results_match_their_types(full: Newsroom) -> None:
    archive = full.archive
    results = [
        (Archive.article, archive.article(1)),
        (Archive.history, archive.history(1)),
        (Archive.views, archive.views()),
        (Archive.search, archive.search("formula")),
        (Archive.attention, archive.attention("formula")),
        (Archive.views_at, archive.views_at(24)),
        (Archive.status, archive.status()),
        (Archive.explain, archive.explain([SLUG_URL])),
        (Archive.explain, archive.explain(["https://caliber.az/nowhere"])),
        (Archive.citation, archive.citation(1, "bibtex")),
        (Articles.__call__, archive.articles()),
        (Runs.last, archive.runs.last()),
        (Sites.get, archive.sites.get("caliber")),
        (Hosts.get, archive.hosts.get("caliber.az")),
        (SiteFacts.current, archive.site_facts.current("caliber")),
        (Deletion.take_down, archive.deletion.take_down(2, "asked for", NOON)),
        (Takedowns.all, archive.takedowns.all()),
    ]
    assert all(result for _, result in results[:4])
    assert [
        wrong for method, result in results for wrong in mismatches(result, return_type(method), method.__name__)
    ] == []


@pytest.mark.parametrize("table", TABLES)
def test_a_typed_row_has_the_columns_of_its_table(full: Newsroom, table: str) -> None:
    kind = TABLES[table]
    columns = full.archive.db.query(f"SELECT name FROM pragma_table_xinfo('{table}')")
    assert set(get_type_hints(kind)) == {column["name"] for column in columns}
    for row in full.archive.db.query(f"SELECT * FROM {table}"):
        assert list(mismatches(row, kind, table)) == []


def test_a_row_that_does_not_match_its_type_is_detected() -> None:
    class Row(TypedDict):
        count: int
        name: str | None

    assert list(mismatches({"count": 1, "name": None}, Row)) == []
    assert list(mismatches({"count": "1", "name": None}, Row)) == [".count: '1' is not <class 'int'>"]
    assert list(mismatches({"count": 1}, Row)) == [": ['name']"]


def public_methods() -> dict[str, Any]:
    named = {name: value for name, value in (vars(Analyses) | vars(Archive)).items() if not name.startswith("_")}
    plain = {
        name: getattr(value, "fget", None) or getattr(value, "__func__", None) or value for name, value in named.items()
    }
    return plain | {"articles": Articles.__call__}


def parts_of(hint: Any) -> Iterable[Any]:
    yield hint
    for argument in get_args(hint):
        yield from parts_of(argument)


@pytest.mark.parametrize("name", public_methods())
def test_a_public_method_is_typed_without_any_and_documented(name: str) -> None:
    method = public_methods()[name]
    hints = get_type_hints(method, localns=LAZY_TYPES)
    parameters = [parameter for parameter in inspect.signature(method).parameters if parameter not in ("self", "cls")]
    assert hints.keys() == {*parameters, "return"}
    assert Any not in [part for hint in hints.values() for part in parts_of(hint)]
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            assert get_origin(hints[parameter.name]) is Unpack
    assert inspect.getdoc(method)


def test_the_parts_of_an_archive_are_typed_without_any_and_documented(newsroom: Newsroom) -> None:
    parts = [getattr(newsroom.archive, name) for name in vars(Tables) if not name.startswith("_")]
    methods = [
        method
        for part in parts
        for name, method in inspect.getmembers(type(part), inspect.isfunction)
        if not name.startswith("_")
    ]
    assert len(methods) > 50
    for method in methods:
        hints = get_type_hints(method)
        assert Any not in [part for hint in hints.values() for part in parts_of(hint)], method
        assert inspect.getdoc(method), method


def test_search_has_the_keywords_of_the_search_class_and_of_filters() -> None:
    parameters = dict(list(inspect.signature(Archive.search).parameters.items())[1:])
    assert parameters.pop("filters").annotation == "Unpack[ArticleFilter]"
    fields_of_search = {field.name: field for field in fields(Search) if field.name != "where"}
    assert parameters.keys() == fields_of_search.keys()
    assert all(
        parameters[name].default in (fields_of_search[name].default, inspect.Parameter.empty) for name in parameters
    )


def test_an_unknown_keyword_is_reported(full: Newsroom) -> None:
    for method in (full.archive.articles, full.archive.views):
        with pytest.raises(
            TypeError,
            match="sections; use site, section, language, since, until, first_day, last_day, search, unique, code",
        ):
            method(sections="politics")
    assert set(ArticleFilter.__annotations__) == {
        *("site", "section", "language", "since", "until", "first_day", "last_day", "search", "unique", "code")
    }


def test_the_export_columns_are_those_of_an_article_row() -> None:
    assert list(COLUMNS) == list(ArticleRow.__annotations__)
    assert {COLUMNS[name] for name in ("id", "views", "word_count", "version_count")} == {int}
    assert {COLUMNS[name] for name in ("headline", "published_at", "gone_at")} == {str}


def test_a_run_record_has_the_columns_of_its_table(full: Newsroom) -> None:
    assert set(RunRecord.__annotations__) == {column.name for column in full.archive.db["runs"].columns}


def texts_in(value: object) -> Iterable[str]:
    """Every text in a result, recursively."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from texts_in(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from texts_in(getattr(value, field.name))


@pytest.mark.slow
def test_results_contain_no_control_characters_of_a_page(tmp_path: Path) -> None:
    noise = "\x1b[31mred\x1b[0m \x07bell \x9b31m \x08\x7f &#27;[2J &#x9b;"
    page = PAGE.format(
        headline=f"The {noise} formula",
        body=f'A text {noise} with <a href="https://example.org/{noise}">a {noise} link</a>'
        f' and <img src="/x.jpg" alt="a {noise} picture">',
        views=3,
    )
    capture = Capture(site="caliber", url=SLUG_URL, fetched_at=NOON, status=200, headers=HTML, body=page.encode())
    path = tmp_path / "archive.db"
    take_in(path, [capture, replace(capture, fetched_at=minutes(60), body=page.replace("red", "green").encode())])
    with Archive.open(path) as archive:
        results = [
            archive.article(1),
            archive.history(1),
            archive.articles(),
            archive.views(),
            archive.search("formula"),
        ]
    assert all(results)
    found = {letter for text in texts_in(results) for letter in text if unicodedata.category(letter) == "Cc"}
    assert found <= {"\n"}
