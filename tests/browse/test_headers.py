"""The headers that every response of an archive has."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from datasette.app import Datasette

from caliber_crawler.browse.headers import EVERY_PAGE, POLICY, captured_page, mark, own_page, with_headers

Pairs = list[tuple[bytes, bytes]]


def answer(datasette: Datasette, theirs: Pairs, ours: dict[bytes, bytes] | None = None) -> Pairs:
    """The headers of a response of an application that sets ``theirs`` and marks the request with ``ours``."""
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        mark(scope, ours or {})
        await send({"type": "http.response.start", "status": 200, "headers": theirs})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive() -> Any:
        return {}

    async def send(message: Any) -> None:
        sent.append(message)

    async def request() -> None:
        await datasette.invoke_startup()
        await with_headers(datasette, application)({"type": "http", "path": "/"}, receive, send)

    asyncio.run(request())
    start, body = sent
    assert (start["status"], body) == (200, {"type": "http.response.body", "body": b"x"})
    return list(start["headers"])


@pytest.fixture
def archive(newspaper: Path) -> Datasette:
    return Datasette([str(newspaper)])


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_a_header_of_the_application_is_replaced_and_not_repeated(archive: Datasette, name: bytes) -> None:
    theirs = [(name.title(), b"theirs"), (b"content-type", b"text/html"), (b"x-same-value", EVERY_PAGE[name])]
    headers = answer(archive, theirs)
    assert [value for key, value in headers if key.lower() == name] == [EVERY_PAGE[name]]
    assert theirs[1] in headers
    assert theirs[2] in headers
    assert dict(headers).keys() >= EVERY_PAGE.keys()


def test_a_marked_page_has_its_own_headers(archive: Datasette) -> None:
    headers = dict(answer(archive, [], captured_page()))
    assert headers == {**EVERY_PAGE, **captured_page()}
    assert headers[b"referrer-policy"] == b"no-referrer"


def test_without_an_archive_headers_are_unchanged() -> None:
    theirs = [(b"Referrer-Policy", b"theirs")]
    assert answer(Datasette([]), theirs) == theirs


@pytest.mark.parametrize("scripts", [False, True])
@pytest.mark.parametrize("frames", [False, True])
def test_a_page_has_scripts_and_frames_only_if_they_are_allowed(scripts: bool, frames: bool) -> None:
    (policy,) = own_page(scripts=scripts, frames=frames).values()
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy.decode().split(";"))
    assert (rules.get("script-src"), rules.get("frame-src")) == (
        "'self'" if scripts else None,
        "'self'" if frames else None,
    )
    assert rules["img-src"] == ("'self' data:" if scripts else "'self'")
    assert (rules["default-src"], rules["frame-ancestors"]) == ("'none'", "'none'")
    assert own_page() == own_page(scripts=False, frames=False)
    assert [*own_page()] == [POLICY.encode()]
