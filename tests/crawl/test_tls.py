"""An insecure connection gives no page and no article, but one sentence."""

from __future__ import annotations

import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from tests.conftest import Result
from tests.hostile.site import Exchange

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--language", "en", "--via", "listing")
HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """Environment variables to trust only that authority."""
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return {"SSL_CERT_FILE": str(tmp_path / "authority.pem")}


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(server)
    return server


def test_a_site_with_a_valid_certificate_is_crawled(
    misbehave: Callable[..., Any],
    caliber: Callable[..., Result],
    tmp_path: Path,
    authority: trustme.CA,
    trusted: dict[str, str],
) -> None:
    with misbehave(articles=8, tls=context(authority.issue_cert(HOST))) as site:
        assert site.base_url.startswith("https://")
        result = caliber(
            "crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, "--json", **trusted
        )
        assert result.exit_code == 0, result.stderr
        assert result.json["new"] == len(site.truth(language="en"))


def bad_certificates(authority: trustme.CA) -> dict[str, tuple[trustme.LeafCert, str]]:
    now, day = datetime.now(UTC), timedelta(days=1)
    expired = authority.issue_cert(HOST, not_before=now - 9 * day, not_after=now - day)
    return {
        "expired": (expired, "expired or not trusted"),
        "not yet": (authority.issue_cert(HOST, not_before=now + day), "expired or not trusted"),
        "untrusted": (trustme.CA().issue_cert(HOST), "expired or not trusted"),
        "other host": (authority.issue_cert("elsewhere.example"), "for another host"),
    }


@pytest.mark.parametrize("fault", ["expired", "not yet", "untrusted", "other host"])
def test_an_invalid_certificate_ends_the_run_with_one_sentence(
    misbehave: Callable[..., Any],
    caliber: Callable[..., Result],
    tmp_path: Path,
    authority: trustme.CA,
    trusted: dict[str, str],
    fault: str,
) -> None:
    certificate, words = bad_certificates(authority)[fault]
    with misbehave(articles=3, tls=context(certificate)) as site:
        refused(caliber("crawl", "--base-url", site.base_url, "--archive", tmp_path / "a.db", *FAST, **trusted), words)
        assert site.paths() == []
    assert stored_bodies(tmp_path / "a.db") == 0


@contextmanager
def outdated(certificate: trustme.LeafCert, version: ssl.TLSVersion) -> Iterator[tuple[str, list[str]]]:
    """A server that supports only one old TLS version, and the result of each handshake."""
    server, results = context(certificate), list[str]()
    server.set_ciphers("ALL:@SECLEVEL=0")
    server.minimum_version = server.maximum_version = version

    def serve_handshakes() -> None:
        with suppress(OSError):
            while True:
                wire, _ = listener.accept()
                with wire, suppress(ConnectionError):
                    try:
                        with server.wrap_socket(wire, server_side=True) as safe:
                            results.append(str(safe.version()))
                    except ssl.SSLError as error:
                        results.append(str(error.reason))

    # asyncio's servers close the connection without an alert; other servers, like this one, send one.
    with socket.create_server((HOST, 0)) as listener:
        thread = threading.Thread(target=serve_handshakes, daemon=True)
        thread.start()
        yield f"https://{HOST}:{listener.getsockname()[1]}", results
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=["1.0", "1.1"])
def test_a_site_that_supports_only_an_old_tls_version_is_refused(
    caliber: Callable[..., Result],
    tmp_path: Path,
    authority: trustme.CA,
    trusted: dict[str, str],
    version: ssl.TLSVersion,
) -> None:
    archive = tmp_path / "a.db"
    with outdated(authority.issue_cert(HOST), version) as (base_url, results):
        assert negotiated_version(base_url, version) == version.name.replace("_", "."), "a permissive client connects"
        refused(caliber("crawl", "--base-url", base_url, "--archive", archive, *FAST, **trusted), "TLS")
    assert set(results[1:]) == {"UNSUPPORTED_PROTOCOL"}
    assert stored_bodies(archive) == 0


def negotiated_version(base_url: str, version: ssl.TLSVersion) -> str | None:
    """The TLS version that a permissive client and the server agree on."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.set_ciphers("ALL:@SECLEVEL=0")
    client.minimum_version = version
    address = (HOST, urlsplit(base_url).port)
    with socket.create_connection(address, timeout=10) as wire, client.wrap_socket(wire) as safe:
        return safe.version()


def test_a_site_without_tls_is_refused(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with misbehave(articles=3) as site:
        base_url = site.base_url.replace("http:", "https:")
        refused(caliber("crawl", "--base-url", base_url, "--archive", tmp_path / "a.db", *FAST), "TLS")
        assert site.paths() == []


def test_a_redirect_to_an_insecure_connection_is_a_problem(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    async def to_https(exchange: Exchange) -> None:
        await exchange.answer(
            302, headers=[("Location", exchange.site.base_url.replace("http:", "https:") + "/en/post/a")]
        )

    archive = tmp_path / "a.db"
    with misbehave(articles=8, tricks={"/en/post/to-https": to_https}) as site:
        result = caliber("crawl", "--base-url", site.base_url, "--archive", archive, *FAST, "--json")
        assert result.json["new"] == len(site.truth(language="en"))
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select reason from problems").fetchall() == [("tls",)]


def refused(result: Result, words: str) -> None:
    assert result.exit_code == 10, result.stderr
    assert result.stderr.count("\n") == 2, "what happened, and the next step"
    assert "not secure" in result.stderr or "no secure connection" in result.stderr
    assert words in result.stderr


def stored_bodies(archive: Path) -> int:
    with closing(sqlite3.connect(archive)) as connection:
        return int(connection.execute("select count(*) from bodies").fetchone()[0])
