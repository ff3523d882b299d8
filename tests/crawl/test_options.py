"""One dataclass defines the options of a crawl for the command line, the spider's arguments and the scope."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from caliber_crawler.commands.crawl import crawl
from caliber_crawler.commands.crawl_options import CrawlCommand, command_line, takes
from caliber_crawler.commands.schedule import schedule
from caliber_crawler.commands.watch import crawl_words, watch
from caliber_crawler.crawling.options import JOB_OPTIONS, CrawlOptions, option_fields
from caliber_crawler.errors import SiteError
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import run_module

SITE = CaliberSpider.site
GIVEN = CrawlOptions(
    section="analytics",
    language="en,ru",
    since="2026-01-01",
    until="2026-02-01T12:00+00:00",
    limit=7,
    via="feed",
    search="corridor, talks ,",
    ids="500-1",
    due=True,
    backfill=True,
    base_url="http://127.0.0.1:8000",
    delay=0.5,
    concurrency=3,
    revisits=0,
)


def test_each_option_is_a_spider_argument_or_a_setting() -> None:
    arguments = CrawlOptions.from_arguments({name: str(value) for name, value in GIVEN.as_arguments().items()})
    assert replace(arguments, delay=0.5, concurrency=3, revisits=0) == GIVEN
    assert GIVEN.as_settings() == {
        "DOWNLOAD_DELAY": 0.5,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 3,
        "REVISITS_MAX": 0,
    }
    assert CrawlOptions().as_arguments() == CrawlOptions().as_settings() == {}
    assert {field.name for field, _ in option_fields(CrawlOptions)} == {field.name for field in fields(CrawlOptions)}


def test_a_command_line_is_parsed_to_the_same_options() -> None:
    received: list[CrawlCommand] = []

    @click.command()
    @click.argument("sites", nargs=-1)
    @takes(CrawlCommand)
    def command(options: CrawlCommand) -> None:
        received.append(options)

    given = {field.name: getattr(GIVEN, field.name) for field in fields(GIVEN)}
    wanted = CrawlCommand(**given, sites=("caliber", "orf"), parallel=4, contact="us@example.org", verbose=True)
    result = CliRunner().invoke(command, [*command_line(wanted), "--", *wanted.sites])
    assert result.exit_code == 0, result.output
    assert received == [wanted]
    assert received[0].as_arguments() == GIVEN.as_arguments(), "the command's own options are not spider arguments"
    assert received[0].as_settings() == {**GIVEN.as_settings(), "CONTACT": "us@example.org"}
    assert CliRunner().invoke(command, []).exit_code == 0
    assert received[1] == CrawlCommand()
    assert command_line(CrawlCommand()) == []


def test_an_option_from_the_environment_is_not_in_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = CrawlCommand(notify="https://hooks.example/secret")
    assert command_line(secret) == ["--notify", "https://hooks.example/secret"]
    monkeypatch.setenv("CALIBER_NOTIFY", "https://hooks.example/secret")
    assert command_line(secret) == []
    assert command_line(CrawlCommand(notify="https://hooks.example/other")) != []


def test_watch_crawls_due_pages_with_its_options() -> None:
    options = CrawlCommand(sites=("orf",), archive=Path("a.db"), section="world", delay=0.0, as_json=True)
    words = crawl_words(options)
    assert words[:3] == ["crawl", "--archive", "a.db"]
    assert words[-2:] == ["--", "orf"]
    assert {"--due", "--json", "--section", "--delay"} <= set(words)


@pytest.mark.parametrize(("command", "absent"), [(crawl, set()), (watch, {"due", "urls", "cdx"})])
def test_the_commands_have_all_options_with_help_texts(command: click.Command, absent: set[str]) -> None:
    helps = {each.name: each.help for each in command.params if isinstance(each, click.Option)}
    for field, option in option_fields(CrawlCommand):
        if field.name in absent:
            assert field.name not in helps
        else:
            assert (helps[field.name] or "").startswith(option.help)


@pytest.mark.parametrize(
    ("name", "least"),
    [("limit", 1), ("requests", 1), ("delay", 0), ("concurrency", 1), ("revisits", 0), ("parallel", 1)],
)
def test_a_number_may_be_as_small_as_its_minimum(name: str, least: int) -> None:
    received: list[CrawlCommand] = []

    @click.command()
    @takes(CrawlCommand)
    def command(options: CrawlCommand) -> None:
        received.append(options)

    assert CliRunner().invoke(command, [f"--{name}", str(least)]).exit_code == 0
    assert CliRunner().invoke(command, [f"--{name}", str(least - 1)]).exit_code == 2
    assert [getattr(options, name) for options in received] == [least]


@pytest.mark.parametrize("words", [["--limit", "0"], ["--delay", "-1"], ["--concurrency", "0"], ["--parallel", "0"]])
def test_a_number_that_is_too_small_is_a_usage_error(words: list[str]) -> None:
    assert CliRunner().invoke(crawl, words).exit_code == 2
    assert CliRunner().invoke(watch, ["--urls", "-"]).exit_code == 2


def test_schedule_repeats_and_validates_its_options() -> None:
    printed = CliRunner().invoke(schedule, ["--format", "crontab", "--section", "opinion", "--delay", "2"]).output
    assert "crawl caliber --due --section opinion --delay 2.0 --archive" in printed
    wrong = CliRunner().invoke(schedule, ["--section", "horoscope"])
    assert isinstance(wrong.exception, SiteError)


def test_options_define_the_scope_for_a_site() -> None:
    scope = GIVEN.scope(SITE)
    assert scope.site.base_url == "http://127.0.0.1:8000"
    assert (scope.languages, scope.sections) == (("en", "ru"), ("analytics",))
    assert scope.window.since == datetime(2025, 12, 31, 20, tzinfo=UTC), "midnight in Baku"
    assert scope.window.until == datetime(2026, 2, 1, 12, tzinfo=UTC)
    assert (scope.limit, scope.queries, scope.ids) == (7, ("corridor", "talks"), (500, 1))
    assert {source.name for source in scope.sources} == {"feed", "search", "post_ids"}
    assert (scope.due_only, scope.backfill) == (True, True)


def test_without_options_the_scope_has_the_defaults_of_the_site() -> None:
    scope = CrawlOptions().scope(SITE)
    assert scope.site is SITE
    assert scope.languages == tuple(edition.language for edition in SITE.editions)
    assert scope.sections == SITE.default_sections
    assert scope.sources == tuple(source for source in SITE.sources if source.is_default)
    assert (scope.limit, scope.queries, scope.ids) == (None, (), None)
    assert (scope.due_only, scope.backfill) == (False, False)


@pytest.mark.parametrize("options", [CrawlOptions(urls="list.txt"), CrawlOptions(cdx="wayback")])
def test_a_list_of_urls_replaces_the_default_sources(options: CrawlOptions) -> None:
    assert options.scope(SITE).sources == ()
    assert [source.name for source in replace(options, via="feed").scope(SITE).sources] == ["feed"]


def test_all_selects_all_sections_editions_and_sources() -> None:
    scope = CrawlOptions(section="all", language="all", via="all").scope(SITE)
    assert scope.sources == SITE.sources
    assert set(scope.sections) == {key for edition in SITE.editions for key in edition.sections}
    assert len(scope.languages) == len(SITE.editions)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (CrawlOptions(section="horoscope"), ("no section 'horoscope'", "analytics")),
        (CrawlOptions(language="fr"), ("no edition in 'fr'", "hy")),
        (CrawlOptions(via="teleport"), ("no discovery source 'teleport'", "sitemap")),
        (CrawlOptions(since="yesterday"), ("'yesterday' is not a date",)),
        (CrawlOptions(since="2026-02-01", until="2026-01-01"), ("until must be later than since",)),
        (CrawlOptions(since="2026-02-01", until="2026-02-01"), ("until must be later than since",)),
        (CrawlOptions(until="2026-13-01"), ("'2026-13-01' is not a date",)),
        (CrawlOptions(ids="many"), ("'many' is not a range of post IDs",)),
        (CrawlOptions(ids="5-"), ("'5-' is not a range of post IDs",)),
        (CrawlOptions(ids="1-" + "9" * 19), ("is not a range of post IDs",)),
        (CrawlOptions(ids="1-" + "9" * 5000), ("is not a range of post IDs",)),
        (CrawlOptions(base_url="nonsense"), ("'nonsense'",)),
    ],
)
def test_a_value_that_the_site_does_not_have_is_reported_in_one_sentence(
    options: CrawlOptions, words: tuple[str, ...]
) -> None:
    with pytest.raises(SiteError) as caught:
        options.scope(SITE)
    assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sectoin": "x", "delay": "3"}, ("'delay', 'sectoin'", "section, language")),
        ({"due": "maybe"}, ("due=maybe",)),
        ({"limit": "many"}, ("limit=many",)),
        ({"limit": "0"}, ("limit=0",)),
        ({"limit": "-1"}, ("limit=-1",)),
        ({"section": 7}, ("section=7",)),
    ],
)
def test_an_unknown_or_invalid_argument_is_reported_in_one_sentence(
    arguments: dict[str, Any], words: tuple[str, ...]
) -> None:
    for make in (CrawlOptions.from_arguments, lambda given: CaliberSpider(**given)):
        with pytest.raises(SiteError) as caught:
            make(arguments)
        assert all(word in str(caught.value) for word in words)


@pytest.mark.parametrize(
    ("text", "due"), [("1", True), ("True", True), ("yes", True), ("", False), ("0", False), ("No", False)]
)
def test_a_flag_is_parsed_from_yes_or_no(text: str, due: bool) -> None:
    assert CrawlOptions.from_arguments({"due": text}).due is due


def test_archive_and_lease_cannot_be_given_as_text() -> None:
    for name in ("archive", "lease"):
        with pytest.raises(SiteError, match=f"Unknown crawl argument '{name}'"):
            CaliberSpider(**{name: "x"})


def test_cluster_jobs_have_a_subset_of_the_options() -> None:
    assert set(JOB_OPTIONS) < {field.name for field in fields(CrawlOptions)}


@pytest.mark.slow
@pytest.mark.parametrize("argument", ["sectoin=analytics", "section=horoscope"])
def test_scrapy_crawl_reports_a_wrong_argument_in_one_sentence(tmp_path: Path, argument: str) -> None:
    archive = tmp_path / "a.db"
    done = run_module(
        "scrapy", "crawl", "caliber", "-a", argument, "-s", "LOG_LEVEL=WARNING", CALIBER_ARCHIVE=str(archive)
    )
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 1
    assert argument.partition("=")[0] in done.stderr or "horoscope" in done.stderr
    assert not archive.exists()
