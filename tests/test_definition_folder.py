"""Site definitions in a folder: picked up when they change, and a broken one affects no other site."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from caliber_crawler.errors import InputError, SiteError
from caliber_crawler.known_sites import known_sites, known_spiders, project_settings, spider_among, spider_named
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import Site
from caliber_crawler.site.definition_set import DefinitionFolder
from caliber_crawler.site.toml_writer import definition_text
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.spiders.orf import OrfSpider
from tests.conftest import run_module

DAILY = replace(OrfSpider.site, name="daily", title="The Daily", base_url="https://daily.example")
WRONG_KEY = (
    "x is not known; valid are name, title, base_url, timezone, editions, article_path, listing, sources,"
    " trailing_slash, layouts, text, default_sections, hosts, date_formats, signatures, decoration, boilerplate,"
    " trusted_metadata, learned, reuse, revisits, counter_in_page."
)
BROKEN = 'name = "daily"\ntitle = 7\n'


def write(folder: Path, site: Site, file: str = "") -> Path:
    path = folder / (file or f"{site.name}.toml")
    path.write_text(definition_text(site), "utf-8")
    return path


def settings_of(folder: Path) -> Settings:
    return project_settings(DEFINITIONS=str(folder))


def test_a_site_of_the_folder_is_known_like_those_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, DAILY)
    settings = settings_of(tmp_path)
    assert spider_named("daily", settings).site == DAILY
    assert spider_named("https://daily.example/stories/3000001", settings).site.name == "daily"
    assert spider_named("orf", settings) is OrfSpider
    monkeypatch.setattr("caliber_crawler.settings.DEFINITIONS", str(tmp_path))
    assert known_sites()["daily"] == DAILY


def test_a_definition_of_the_folder_takes_the_place_of_that_of_the_package(tmp_path: Path) -> None:
    write(tmp_path, replace(CaliberSpider.site, title="Another title"))
    spider = spider_named("caliber", settings_of(tmp_path))
    assert spider.site.title == "Another title"
    assert issubclass(spider, CaliberSpider)  # with the methods of the package
    assert CaliberSpider.site.title == "Caliber.Az"


def test_scrapy_finds_the_sites_that_caliber_crawl_finds(tmp_path: Path) -> None:
    write(tmp_path, DAILY)
    write(tmp_path, replace(CaliberSpider.site, title="Another title"))
    settings = settings_of(tmp_path)
    loader = get_spider_loader(settings)
    assert sorted(loader.list()) == sorted(known_spiders(settings))
    for name in ("daily", "caliber", "orf"):
        assert issubclass(spider := loader.load(name), NewsSpider)
        assert spider.site == spider_named(name, settings).site
    assert get_spider_loader(project_settings(DEFINITIONS="")).load("caliber") is CaliberSpider


def test_scrapy_prints_a_sentence_for_a_definition_that_cannot_be_used(tmp_path: Path) -> None:
    write(tmp_path, DAILY)
    (tmp_path / "caliber.toml").write_text(BROKEN.replace("daily", "caliber"), "utf-8")
    loader = get_spider_loader(settings_of(tmp_path))
    with pytest.raises(UsageError, match=r"caliber\.toml"):
        loader.load("caliber")
    assert "caliber" not in loader.list()
    assert issubclass(loader.load("daily"), NewsSpider)
    with pytest.raises(KeyError, match="Spider not found: weekly"):
        loader.load("weekly")
    missing = get_spider_loader(settings_of(tmp_path / "missing"))
    with pytest.raises(UsageError, match="missing"):
        missing.load("orf")


@pytest.mark.slow
def test_scrapy_crawl_knows_a_site_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, DAILY)
    listed = run_module("scrapy", "list", CALIBER_DEFINITIONS=str(tmp_path))
    assert "daily" in listed.stdout.split()
    wrong = run_module("scrapy", "crawl", "daily", "-a", "section=horoscope", CALIBER_DEFINITIONS=str(tmp_path))
    assert "horoscope" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_other_files_are_not_definitions(tmp_path: Path) -> None:
    for name in ("notes.txt", ".daily.toml", "daily.toml.bak"):
        (tmp_path / name).write_text("nothing", "utf-8")
    assert DefinitionFolder(tmp_path).load().sites == {}


def test_a_broken_definition_is_one_message_and_affects_no_other_site(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "daily.toml").write_text(BROKEN, "utf-8")
    write(tmp_path, replace(DAILY, name="weekly"))
    settings = settings_of(tmp_path)
    spiders = known_spiders(settings)
    assert {"weekly", "caliber"} <= spiders.keys()
    for _ in range(2):
        assert spider_named("weekly", settings).site.name == "weekly"
    assert [record.getMessage() for record in caplog.records] == [
        f"{tmp_path}/daily.toml, line 2: title must be text, not 7."
    ]
    with pytest.raises(InputError, match=r"daily\.toml, line 2: title must be text") as raised:
        spider_among(spiders, "daily")
    assert raised.value.exit_code == 4


def test_the_error_of_the_site_that_is_asked_for_is_not_logged_as_well(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "daily.toml").write_text(BROKEN, "utf-8")
    (tmp_path / "weekly.toml").write_text("x = 1", "utf-8")
    with pytest.raises(InputError, match=r"daily\.toml, line 2"):
        spider_named("daily", settings_of(tmp_path))
    assert [record.getMessage() for record in caplog.records] == [f"{tmp_path}/weekly.toml, line 1: {WRONG_KEY}"]


def test_a_broken_definition_of_a_site_of_the_package_does_not_fall_back_to_another_one(tmp_path: Path) -> None:
    (tmp_path / "orf.toml").write_text("title = ", "utf-8")
    with pytest.raises(InputError, match=r"orf\.toml, line 1 is not valid TOML"):
        spider_named("orf", settings_of(tmp_path))


def test_a_changed_file_is_picked_up_and_a_broken_one_keeps_what_worked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = DefinitionFolder(tmp_path)
    path = write(tmp_path, DAILY)
    assert folder.load().sites["daily"].title == "The Daily"
    write(tmp_path, replace(DAILY, title="The Weekly"))
    assert folder.load().sites["daily"].title == "The Weekly"
    path.write_text(BROKEN, "utf-8")
    for _ in range(2):
        found = folder.load()
        assert found.sites["daily"].title == "The Weekly"
        assert found.errors == {}
        folder.log_problems()
    assert len(caplog.records) == 1
    assert "Its earlier definition of 'daily' is used." in caplog.text
    write(tmp_path, DAILY)
    assert folder.load().sites["daily"] == DAILY
    path.unlink()
    assert folder.load().sites == {}


def test_a_file_of_the_same_size_and_time_is_picked_up(tmp_path: Path) -> None:
    folder = DefinitionFolder(tmp_path)
    path = write(tmp_path, DAILY)
    before = path.stat()
    folder.load()
    path.write_text(path.read_text("utf-8").replace("The Daily", "The Paper"), "utf-8")
    os.utime(path, ns=(before.st_mtime_ns, before.st_mtime_ns))
    assert folder.load().sites["daily"].title == "The Paper"


def test_a_settled_file_is_not_read_again(tmp_path: Path) -> None:
    folder = DefinitionFolder(tmp_path)
    path = write(tmp_path, DAILY)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    first = folder.load().sites["daily"]
    path.write_text(path.read_text("utf-8").replace("The Daily", "The Paper"), "utf-8")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    assert folder.load().sites["daily"] is first


def test_two_files_with_one_site_are_refused(tmp_path: Path) -> None:
    write(tmp_path, DAILY, "a.toml")
    write(tmp_path, DAILY, "b.toml")
    found = DefinitionFolder(tmp_path).load()
    assert found.sites == {}
    assert re_one_line(found.errors["daily"])
    with pytest.raises(InputError, match=r"defines the site 'daily', as does .*\.toml; delete one of them"):
        spider_named("daily", settings_of(tmp_path))


def re_one_line(error: InputError) -> bool:
    return len(str(error).splitlines()) == 1


def test_the_one_of_two_files_that_worked_before_stays_in_use(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = DefinitionFolder(tmp_path)
    write(tmp_path, DAILY, "b.toml")
    folder.load()
    write(tmp_path, replace(DAILY, title="Another"), "a.toml")
    for _ in range(2):
        assert folder.load().sites["daily"] == DAILY
        folder.log_problems()
    assert [record.getMessage().partition(" defines")[0] for record in caplog.records] == [f"{tmp_path}/a.toml"]
    # A change of the file in use is picked up nevertheless.
    write(tmp_path, replace(DAILY, title="Changed"), "b.toml")
    assert folder.load().sites["daily"].title == "Changed"
    (tmp_path / "b.toml").unlink()
    assert folder.load().sites["daily"].title == "Another"


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"name = 'x'\n\xff", r"line 2 is not UTF-8"), (b"#" * 1_000_001, r"longer than 1,000,000 bytes")],
)
def test_a_file_that_is_not_a_text_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    assert message in str(DefinitionFolder(tmp_path).load().errors["x"])


def test_a_pipe_or_a_folder_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    assert DefinitionFolder(tmp_path).load().errors.keys() == {"pipe", "folder"}


def test_a_missing_folder_is_an_error_until_it_was_there(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match=r"Cannot read the folder of site definitions .*Correct CALIBER_DEFINITIONS"):
        known_spiders(settings_of(tmp_path / "no"))
    place = tmp_path / "mount"
    place.mkdir()
    folder = DefinitionFolder(place)
    write(place, DAILY)
    assert folder.load().sites["daily"] == DAILY
    place.rename(tmp_path / "away")
    for _ in range(2):
        assert folder.load().sites["daily"] == DAILY
    assert len(caplog.records) == 1


def test_an_unknown_site_is_still_unknown(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="Unknown site 'nightly'"):
        spider_named("nightly", settings_of(tmp_path))


def test_stored_definitions_take_precedence_over_the_folder(tmp_path: Path) -> None:
    write(tmp_path, DAILY)
    (tmp_path / "weekly.toml").write_text("broken", "utf-8")
    stored = {
        "daily": definition_text(replace(DAILY, title="Stored")),
        "weekly": definition_text(replace(DAILY, name="weekly")),
    }
    spiders = known_spiders(project_settings(DEFINITIONS=str(tmp_path), STORED_DEFINITIONS=stored))
    assert spiders["daily"].site.title == "Stored"
    assert spiders["weekly"].site.name == "weekly"
    assert issubclass(spiders["daily"], NewsSpider)
