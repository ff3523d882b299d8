"""Which requests are answered: host names, pages of other sites, and closed pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasette.handle_exception
import httpx
import pytest
from datasette.app import Datasette
from parsel import Selector

from caliber_crawler.browse import public
from caliber_crawler.browse.access import HOSTS_VARIABLE
from tests.browse.conftest import sql_page

METADATA = json.loads(Path(public.configuration()).read_text())
Ask = Callable[..., httpx.Response]
OWN = "127.0.0.1:8001"


@contextmanager
def serving(*files: Path, **options: Any) -> Iterator[Ask]:
    with asyncio.Runner() as loop:
        served = Datasette([str(file) for file in files], **options)

        def ask(path: str, method: str = "GET", host: str = OWN, **headers: str) -> httpx.Response:
            given = {"host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
            return loop.run(served.client.request(method, sql_page(path), headers=given))

        yield ask


@pytest.fixture(scope="module")
def ask(newspaper: Path) -> Iterator[Ask]:
    with serving(newspaper) as asked:
        yield asked


@pytest.fixture(scope="module")
def ask_public(newspaper: Path) -> Iterator[Ask]:
    with serving(newspaper, metadata=METADATA) as asked:
        yield asked


@pytest.mark.parametrize(
    "host", ["127.0.0.1", OWN, "127.1.2.3:80", "localhost", "LocalHost:8001", "localhost.:8001", "[::1]", "[::1]:8001"]
)
def test_the_names_of_this_machine_are_answered(ask: Ask, host: str) -> None:
    assert ask("/archive?sql=select+1", host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8001", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost"),
        *(
            "127.0.0.1@evil.example",
            "evil.example#localhost",
            "10.0.0.1",
            "0.0.0.0",
            "[::2]",
            "",
            "x" * 5000,
            "localhost/x",
        ),
        *("127.0.0.1, evil.example", "127.0.0.1:8001:x", "[::1].evil.example"),
    ],
)
@pytest.mark.parametrize("path", ["/", "/archive.json", "/archive?sql=select+1", "/-/static/app.css", "/robots.txt"])
def test_other_names_are_refused(ask: Ask, host: str, path: str) -> None:
    answer = ask(path, host=host)
    assert answer.status_code == 403
    assert "does not answer" in answer.text


def test_further_names_come_from_the_command_or_the_configuration(
    newspaper: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOSTS_VARIABLE, " News.LAN. ,192.168.1.5")
    metadata = {"plugins": {"caliber_crawler": {"hosts": ["archive.example.org"]}}}
    for options in (
        {"metadata": metadata},
        {
            "metadata": {
                "plugins": {
                    "caliber_crawler": METADATA["plugins"]["caliber_crawler"] | metadata["plugins"]["caliber_crawler"]
                }
            }
        },
    ):
        with serving(newspaper, **options) as ask:
            for host in ("news.lan:8001", "192.168.1.5", "ARCHIVE.example.org", "localhost"):
                assert ask("/", host=host).status_code == 200, host
            assert ask("/", host="evil.example").status_code == 403


def test_a_public_server_answers_for_every_name_by_default(ask_public: Ask) -> None:
    assert ask_public("/archive/articles", host="news.example.org").status_code == 200


def test_databases_of_others_are_not_affected(tmp_path: Path) -> None:
    (tmp_path / "other.db").touch()
    with serving(tmp_path / "other.db") as ask:
        assert ask("/", host="evil.example", sec_fetch_site="cross-site").status_code == 200


CROSS_SITE = [
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors", "sec_fetch_dest": "image"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"},
    {"sec_fetch_site": "unheard-of"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:9999", "sec_fetch_site": "same-origin"},
    {"referer": "https://evil.example/page"},
    {"referer": "http://127.0.0.1:9999/"},
    {"referer": "http://[bad"},
]


@pytest.mark.parametrize("headers", CROSS_SITE, ids=lambda headers: " ".join(headers.values()))
@pytest.mark.parametrize(
    "path",
    ["/archive?sql=select+1", "/archive.json?sql=select+1", "/archive/articles?_where=1", "/archive/-/search?q=baku"],
)
def test_queries_from_pages_of_other_sites_are_refused(ask: Ask, path: str, headers: dict[str, str]) -> None:
    answer = ask(path, **headers)
    assert answer.status_code == 403
    assert "address bar" in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
        {"sec_fetch_site": "same-origin", "referer": f"http://{OWN}/archive"},
        {"sec_fetch_site": "same-origin", "origin": f"http://{OWN}"},
        {"referer": f"http://{OWN}/archive"},
    ],
)
def test_own_queries_are_answered(ask: Ask, headers: dict[str, str]) -> None:
    assert ask("/archive?sql=select+1", **headers).status_code == 200


def test_a_link_from_another_site_leads_to_a_page(ask: Ask) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert ask("/archive/articles/1", **link).status_code == 200
    assert ask("/archive/articles/1", referer="https://blog.example/").status_code == 200
    for other in ({"sec_fetch_dest": "iframe"}, {"sec_fetch_mode": "no-cors", "sec_fetch_dest": "script"}):
        assert ask("/archive/articles/1", **(link | other)).status_code == 403
    assert ask("/archive/articles/1", "POST", **link).status_code == 403


def test_links_from_other_sites_lead_to_searches_of_a_public_archive(ask_public: Ask) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert ask_public("/archive/-/search?q=baku", **link).status_code == 200


@pytest.mark.parametrize(
    "page",
    [
        *("threads", "databases", "settings", "versions", "plugins", "metadata", "actor", "permissions", "messages"),
        *("patterns", "logout", "allow-debug", "auth-token", "config", "whatever-comes"),
    ],
)
@pytest.mark.parametrize("form", ["/-/{}", "/-/{}.json", "//-/{}", "/%2D/{}", "/-/{}?_=1"])
def test_pages_about_the_server_are_closed_in_public(ask_public: Ask, page: str, form: str) -> None:
    assert ask_public(form.format(page)).status_code == 403


def test_pages_about_the_server_are_closed_below_a_path(newspaper: Path) -> None:
    with serving(newspaper, metadata=METADATA, settings={"base_url": "/news/"}) as ask:
        assert ask("/-/threads.json").status_code == 403
        assert ask("/archive/articles").status_code == 200
        assert ask("/-/static/app.css").status_code == 200


def test_pages_about_the_server_are_open_on_this_machine(ask: Ask) -> None:
    assert ask("/-/versions.json").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/archive/view_counts.json?_labels=on&_shape=objects",
        "/archive/view_counts.json?_facet=capture_id",
        "/archive/versions.json?_labels=on&_facet=capture_id",
        "/archive/article_urls.json?_labels=on",
        "/archive/versions/1.json?_extras=foreign_key_tables",
        "/archive/versions/1.json?_extra=foreign_key_tables&_extras=foreign_key_tables",
    ],
)
def test_labels_and_counts_of_closed_tables_are_closed(ask: Ask, ask_public: Ask, path: str) -> None:
    def labels(answer: httpx.Response) -> set[str]:
        return {str(each["label"]) for each in walk(answer.json()) if isinstance(each, dict) and "label" in each}

    def walk(value: Any) -> Iterator[Any]:
        yield value
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(each)

    answer = ask_public(path)
    assert answer.status_code == 200
    assert not [label for label in labels(answer) if "http" in label]
    named = {str(each.get("other_table")) for each in walk(answer.json()) if isinstance(each, dict)}
    assert named & {*public.CLOSED} == set()
    if "view_counts" in path:
        assert [label for label in labels(ask(path)) if "http" in label], "open on this machine"


@pytest.mark.parametrize(
    "page", ["versions/1", "versions?_columns=all", "view_counts", "article_urls", "links", "images"]
)
def test_rows_do_not_link_to_closed_tables(ask_public: Ask, page: str) -> None:
    links = Selector(ask_public(f"/archive/{page}").text).css("a::attr(href)").getall()
    assert not [link for link in links if link.startswith(tuple(f"/archive/{table}" for table in public.CLOSED))]


def test_error_pages_are_not_printed_with_all_variables(
    newspaper: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasette.handle_exception, "rich", pytest.importorskip("rich"))
    with serving(newspaper) as ask:
        assert ask("/archive/nowhere").status_code == 404
    assert datasette.handle_exception.rich is None
    assert "Traceback" not in "".join(capsys.readouterr())
