"""``caliber browse --public``: open and closed pages, and limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from datasette.app import Datasette
from parsel import Selector

from caliber_crawler.browse import public
from caliber_crawler.commands.browse import browse
from tests.browse.conftest import Get, browsing, sql_page

METADATA = json.loads(Path(public.configuration()).read_text())
SETTINGS = {
    name: {"on": True, "off": False}.get(value, int(value) if value.isdecimal() else value)
    for name, value in public.SETTINGS.items()
}


@pytest.fixture(scope="module")
def get(newspaper: Path) -> Iterator[Get]:
    with browsing(newspaper, metadata=METADATA, settings=SETTINGS) as asked:
        yield asked


@pytest.mark.parametrize(
    "address",
    [
        "/archive?sql=select+1",
        "/archive.json?sql=select+hex(data)+from+bodies",
        "/archive.csv?sql=select+1",
        "/archive/articles?_where=1%3D1",
        "/archive.db",
        *(f"/archive/{table}" for table in public.CLOSED),
        "/archive/captures/1",
        "/archive/bodies.json",
        "/archive/-/captures/1",
        "/archive/-/captures/1/page",
        "/archive/-/captures/1/source",
        "/archive/-/health",
    ],
)
def test_private_pages_are_closed_in_public_mode(get: Get, address: str) -> None:
    response = get(address)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        *("/", "/archive", "/archive/articles", "/archive/articles/1", "/archive/versions", "/archive/edits"),
        *("/archive/-/search?q=baku", "/archive/-/search.csv?q=baku", "/archive/-/edits", "/archive/-/changes/1"),
        *("/archive/-/charts", "/archive/-/queries", "/archive/-/feeds/articles", "/archive/-/queries/longest"),
        "/archive/-/queries/term_over_time?term=baku",
        "/archive/-/queries/term_over_time.csv?term=baku",
    ],
)
def test_public_pages_are_open_in_public_mode(get: Get, page: str) -> None:
    assert get(page).status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", ["/", "/archive", "/archive/articles/1", *(f"/archive/-/{name}" for name in ("edits", "charts"))]
)
def test_public_pages_do_not_link_to_closed_ones(get: Get, page: str) -> None:
    inside = [link for link in Selector(get(page).text).css("a::attr(href)").getall() if link.startswith("/")]
    assert {link: get(link).status_code for link in inside} == dict.fromkeys(inside, 200)


def test_search_engines_are_excluded(get: Get) -> None:
    assert get("/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert Selector(get("/").text).css("meta[name=robots]::attr(content)").get() == "noindex"


def test_a_canned_query_with_a_long_parameter_is_answered(get: Get) -> None:
    answer = get(f"/archive/-/queries/term_over_time?term={'x' * 5000}&language=")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    ["//evil.example", "/\\evil.example", "/%2F%2Fevil.example/", "/%5Cevil.example/", "/archive/-/home//evil.example"],
)
def test_redirects_do_not_leave_the_server(get: Get, path: str) -> None:
    location = get(path).headers.get("location", "")
    assert not location.replace("\\", "/").startswith(("//", "http"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_pages_support_get_only(newspaper: Path, method: str) -> None:
    datasette = Datasette([str(newspaper)], metadata=METADATA)
    with asyncio.Runner() as loop:
        for page in ("/archive/-/home", "/archive/-/search", "/archive/-/charts"):
            response = loop.run(datasette.client.request(method, sql_page(page)))
            assert response.status_code in (403, 405), page


def test_all_pages_are_open_without_public_mode(newspaper: Path) -> None:
    with browsing(newspaper) as get:
        for page in ("?sql=select+1", "/captures", "/runs", "/-/health", "/-/captures/1/page"):
            assert get(f"/archive{page}").status_code == 200, page


def test_another_host_requires_public_mode(newspaper: Path) -> None:
    outcome = CliRunner().invoke(browse, ["--archive", str(newspaper), "--host", "0.0.0.0"])
    assert outcome.exit_code == 2
    assert "needs --public" in outcome.output


def test_the_command_prints_the_effects_of_public_mode(newspaper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda program, arguments, variables: started.append(arguments))
    outcome = CliRunner().invoke(browse, ["--archive", str(newspaper), "--public", "--port", "0"])
    assert outcome.exit_code == 0
    assert [f"- {deed}" in outcome.output for deed in public.PUBLIC_LIMITS] == [True] * len(public.PUBLIC_LIMITS)
    (arguments,) = started
    assert public.configuration() in arguments
    assert "default_allow_sql" in arguments
