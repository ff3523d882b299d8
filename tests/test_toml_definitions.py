"""Site definitions in TOML: the same sites as in Python, and one sentence about each error."""

# ruff: noqa: E501 - a table of messages

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.errors import InputError
from caliber_crawler.known_sites import known_sites
from caliber_crawler.site import (
    DiscoverySource,
    Edition,
    Layout,
    LearnedLayout,
    ListingLayout,
    PostIds,
    Revisits,
    Search,
    Site,
    TextLayout,
)
from caliber_crawler.site.definition_digest import definition_digest
from caliber_crawler.site.durations import duration_text, parse_duration
from caliber_crawler.site.toml_lines import key_lines
from caliber_crawler.site.toml_loader import hints_of, is_required, load_definition, path_text, subclasses_by_name
from caliber_crawler.site.toml_writer import definition_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DURATIONS = st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=400))
EXAMPLE = definition_text(known_sites()["caliber"])


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a field, for its type hint."""
    if get_origin(kind) is tuple:
        return st.lists(of_type(get_args(kind)[0]), max_size=3).map(tuple)
    if isinstance(get_origin(kind), type) and issubclass(get_origin(kind), Mapping):
        return st.dictionaries(TEXT, of_type(get_args(kind)[1]), max_size=3)
    if type(None) in get_args(kind):
        return st.none() | of_type(next(each for each in get_args(kind) if each is not type(None)))
    known = {str: TEXT, bool: st.booleans(), int: st.integers(-(2**63), 2**63 - 1), timedelta: DURATIONS}
    return known[kind] if kind in known else of_dataclass(kind)


def of_dataclass(kind: type, **values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Instances in which any of the optional fields are given."""
    fields = {each.name: each for each in kind.__dataclass_fields__.values() if each.name in hints_of(kind)}
    hints = hints_of(kind)
    known = {name: st.deferred(lambda hint=hint: of_type(hint)) for name, hint in hints.items()} | values
    required = {name: each for name, each in known.items() if is_required(fields[name])}
    optional = {name: each for name, each in known.items() if name not in required and name not in values}
    fixed = required | {name: values[name] for name in values}
    return st.fixed_dictionaries(fixed, optional=optional).map(lambda given: kind(**given))


QUERIES = {"path": TEXT.map(lambda text: f"{escaped(text)}{{query}}"), "more": st.sampled_from(["", "?p={page}"])}
POSTS = {"paths": st.dictionaries(TEXT, TEXT.map(lambda text: f"{escaped(text)}{{number}}"), max_size=2)}
SOURCES = st.one_of(
    of_dataclass(each, **({Search: QUERIES, PostIds: POSTS}.get(each, {})))
    for each in subclasses_by_name(DiscoverySource).values()
)
SITES = of_dataclass(
    Site,
    base_url=st.sampled_from(["https://news.example.org", "http://127.0.0.1:8300", "https://новости.example"]),
    timezone=st.sampled_from(["UTC", "Asia/Baku"]),
    article_path=st.sampled_from([r"/story/(?P<number>\d+)", r"/(?P<slug>[^/'\"]+)"]),
    hosts=st.lists(st.sampled_from(["cdn.example.org", "фото.example"])).map(tuple),
    default_sections=st.just(()),
    sources=st.lists(SOURCES, max_size=4).map(tuple),
    editions=st.lists(of_dataclass(Edition), max_size=3).map(tuple),
    layouts=st.lists(
        of_dataclass(Layout, name=TEXT.map("design {}".format)), max_size=3, unique_by=lambda layout: layout.name
    ).map(tuple),
    text=of_dataclass(
        TextLayout,
        labelled_dateline=st.sampled_from(["", "\x00old'"]),
        controls=st.sampled_from([(), ("A+", "A-")]),
    ),
    listing=st.none() | of_dataclass(ListingLayout, more=st.sampled_from(["", "?page={page}"]), form=st.just("")),
    revisits=of_dataclass(Revisits, ages=st.sets(DURATIONS, max_size=4).map(lambda ages: tuple(sorted(ages)))),
)


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@given(site=SITES)
def test_a_site_written_as_toml_and_loaded_again_is_the_same_site(site: Site) -> None:
    again = load_definition(definition_text(site), "site.toml")
    assert again == site
    assert definition_digest(again) == definition_digest(site)


@pytest.mark.parametrize("name", sorted(known_sites()))
def test_each_site_of_the_package_can_be_written_as_toml(name: str) -> None:
    site = known_sites()[name]
    assert load_definition(definition_text(site), "site.toml") == site


def test_learned_facts_can_be_part_of_a_definition() -> None:
    learned = LearnedLayout(headline=("h1",), earlier=LearnedLayout(headline=("h2",), is_undated=True))
    site = replace(known_sites()["orf"], learned=learned)
    assert load_definition(definition_text(site), "site.toml").learned == learned


@given(duration=st.timedeltas(min_value=timedelta()))
def test_a_duration_is_the_same_as_text(duration: timedelta) -> None:
    assert parse_duration(duration_text(duration)) == duration


@given(site=SITES)
def test_the_line_of_each_key_contains_the_key(site: Site) -> None:
    text = definition_text(site)
    lines, rows = key_lines(text), text.split("\n")
    paths = [*paths_of(tomllib.loads(text))]
    assert lines.keys() == {*paths}
    for path in paths:
        key = next(step for step in reversed(path) if isinstance(step, str))
        if set(key) <= {*string.ascii_letters} and isinstance(path[-1], str):
            assert key in rows[lines[path] - 1]


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> Any:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        yield (*path, key)
        yield from paths_of(each, (*path, key))


def test_lines_are_found_in_every_form_that_toml_has() -> None:
    text = '''# a comment with "quotes" and [brackets]
a = """
one
two"""   # three
b.'c d'."e\\u0041" = [ # first
  1,
  { x = 'y # no', z.q = 1979-05-27 07:32:00 }, # second

  [ """a""""", \'\'\' ' \'\'\' ],
]
[[t]]
k = 1
[[t.u]]
[t.u.v]
w = -1.5e3
[[t]]
"k" = ""
k2 = \'\'
[x.y]
[x]
z = true
'''
    lines = key_lines(text)
    assert lines.keys() == {*paths_of(tomllib.loads(text))}
    assert {path_text(path): line for path, line in lines.items()} == {
        "a": 2, "b": 5, "b.'c d'": 5, "b.'c d'.eA": 5, "b.'c d'.eA[0]": 6, "b.'c d'.eA[1]": 7, "b.'c d'.eA[1].x": 7,
        "b.'c d'.eA[1].z": 7, "b.'c d'.eA[1].z.q": 7, "b.'c d'.eA[2]": 9, "b.'c d'.eA[2][0]": 9,
        "b.'c d'.eA[2][1]": 9, "t": 11, "t[0]": 11, "t[0].k": 12, "t[0].u": 13, "t[0].u[0]": 13, "t[0].u[0].v": 14,
        "t[0].u[0].v.w": 15, "t[1]": 16, "t[1].k": 17, "t[1].k2": 18, "x": 19, "x.y": 19, "x.z": 21,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ('title = "Caliber.Az"\n', "", "name", "the definition needs the key title"),
        ('title = "Caliber.Az"', "title = 7", "title", "title must be text, not 7"),
        ("trailing_slash = false", "trailing_slash = 0", "trailing_slash", "trailing_slash must be true or false, not 0"),
        ("last = 250000", 'last = "250,000"', "last =", "sources[4].last must be an integer, not '250,000'"),
        ("last = 250000", "last = true", "last =", "sources[4].last must be an integer, not true"),
        ("last = 250000", "last = 2.5e5", "last =", "sources[4].last must be an integer, not 250000.0"),
        ("last = 250000", "", "[[sources]]", "sources[4] needs the key last"),
        ('date = ".post_time"', 'dat = ".post_time"', "dat =", "layouts[0].dat is not known; the nearest valid one is date"),
        ('name = "search"', 'name = "serch"', "serch", "sources[3].name: 'serch' is not known; the nearest valid one is search"),
        ('name = "search"\n', "", "[[sources]]", "sources[3] needs the key name, one of listing, feed, sitemap"),
        ('controls = ["A+", "A-"]', 'controls = "A+"', "controls", "text.controls must be an array, not 'A+'"),
        ('controls = ["A+", "A-"]', 'controls = [\n"A+",\n1]', "1]", "text.controls[1] must be text, not 1"),
        ('"/ru"]', '"/ru"]\nsecti0ns = 1', "secti0ns", "editions[1].secti0ns is not known; the nearest valid one is sections"),
        ("[text]", "[texts]", "[texts]", "texts is not known; the nearest valid one is text"),
        ("[text]", "[qqqqq]", "[qqqqq]", "qqqqq is not known; valid are name, title, base_url"),
        ('politics = { path = "/category', 'politics = { paths = "/category', "politics = { paths", "editions[1].sections.politics.paths is not known"),
        ('[[sources]]\nname = "links"', 'links = []\n', "links = []", "sources[4].paths.links must be text, not an array"),
        ('name = "sitemap"', 'name = "sitemap"\nevery = 60', "every", 'sources[2].every must be a duration such as "30 minutes" or'),
        ('name = "sitemap"', 'name = "sitemap"\nevery = "often"', "every", "sources[2].every must be a duration"),
        # Facts that cannot be true.
        ("Asia/Baku", "Asia/Bakku", "timezone", "timezone: unknown time zone 'Asia/Bakku'"),
        ("?page={page}", "?page={pge}", "more", "listing.more contains the unknown field {pge}"),
        ("/search/{query}", "/search", "/search", "sources[3].path: Search.path must contain {query}"),
        ('hy = "/arm/post/{number}/"', 'hy = "/arm/"', "hy =", "sources[4].paths.hy: PostIds.paths must contain {number}"),
        ('controls = ["A+", "A-"]', 'controls = ["A+",\n"A+"]', '"A+"]', "text.controls[1]: text.controls contains a label twice"),
        ('base_url = "https://caliber.az"', 'base_url = "caliber.az"', "base_url", "base_url 'caliber.az' is not the URL of a site"),
        ('"cdn.caliber.az"', '"cdn caliber.az"', "hosts", "hosts[0]: hosts contains 'cdn caliber.az', which is not a host name"),
        ('default_sections = ["analytics"]', 'default_sections = ["x"]', "default_sections", "default_sections[0]: default_sections names 'x'"),
        # Not TOML.
        ("[listing]", "[listing", "[listing", "is not valid TOML: Expected ']'"),
    ],
)  # fmt: skip
def test_each_error_names_file_line_and_field(old: str, new: str, place: str, message: str) -> None:
    text = EXAMPLE.replace(old, new, 1)
    assert text != EXAMPLE
    with pytest.raises(InputError) as raised:
        load_definition(text, "news.toml")
    said = str(raised.value)
    assert message in said
    assert len(said.splitlines()) == 1
    number = int(said.partition("line ")[2].split(":")[0].split(" ")[0])
    assert said.startswith(f"news.toml, line {number}")
    assert place in text.split("\n")[number - 1]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a = " + "[" * 100_000, "a." * 50_000 + "b = 1", "#" * 2_000_000, "\x00"]
)
def test_a_hostile_text_is_an_error_and_takes_no_time(text: str) -> None:
    with pytest.raises(InputError) as raised:
        load_definition(text, "news.toml")
    assert len(str(raised.value)) < 2_000


@given(text=st.text(max_size=40))
def test_any_text_is_a_site_or_an_input_error(text: str) -> None:
    with pytest.raises(InputError):
        load_definition(text, "news.toml")


@given(place=st.integers(0, len(EXAMPLE) - 1), sign=st.sampled_from("\"'[]{}=,.\\\n#1 a"))
def test_a_definition_with_a_wrong_character_is_a_site_or_an_input_error(place: int, sign: str) -> None:
    try:
        load_definition(EXAMPLE[:place] + sign + EXAMPLE[place + 1 :], "news.toml")
    except InputError as error:
        message = str(error)
    else:
        return
    assert message.startswith("news.toml")


def test_the_example_of_the_documentation_is_valid() -> None:
    text = (Path(__file__).parents[1] / "docs" / "reference" / "site-definitions.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    site = load_definition(example, "example.toml")
    assert (site.name, site.sources[0].is_default, site.listing is None) == ("example", True, False)
    assert load_definition(definition_text(site), "example.toml") == site
