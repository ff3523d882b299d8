"""Each error of a fetch has a reason code and a clause for messages."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from OpenSSL.SSL import Error as SSLError
from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.web._newclient import ParseError

from caliber_crawler.fetching.failures import failure_reason, is_unconnected
from caliber_crawler.fetching.refusals import Refusal

URL = "https://caliber.az/a"


def wrapped(reason: Exception) -> Exception:
    """An error as Twisted wraps it: its cause lists the reasons."""
    cause = Exception()
    cause.reasons = [SimpleNamespace(value=reason)]  # type: ignore[attr-defined]
    error = Exception("failed")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "clause"),
    [
        (Refusal("busy", "the host is busy"), "busy", "the host is busy"),
        (IgnoreRequest("max redirections reached"), "redirects", "it redirects more than 0 times"),
        (IgnoreRequest("it is on b.example"), "offsite", "it is on b.example"),
        (IgnoreRequest(), "offsite", "it is on another host"),
        (ValueError("no host"), "offsite", "its URL is not valid (no host)"),
        (DownloadTimeoutError(), "timeout", "no response within 0 s"),
        (TimeoutError(), "timeout", "no response within 0 s"),
        (DownloadConnectionRefusedError(), "refused", "the connection was refused"),
        (CannotResolveHostError(), "dns", "the host name does not resolve"),
        (DownloadCancelledError(), "too_large", "it exceeds the size limit"),
        (ResponseDataLossError(), "truncated", "the response ended too early"),
        (wrapped(VerificationError(errors=[])), "tls", "the certificate is for another host"),
        (wrapped(SSLError("certificate verify failed")), "tls", "the certificate is expired or not trusted"),
        (wrapped(SSLError("no protocols available")), "tls", "the TLS handshake failed"),
        (wrapped(ConnectionAborted()), "too_large", "its headers exceed the size limit"),
        (wrapped(ConnectionLost()), "reset", "the connection was lost"),
        (wrapped(ConnectionDone()), "network", "the server closed the connection without a valid HTTP response"),
        (wrapped(ParseError("non-integer status code", b"HTTP/1.1 20O OK")), "network",
         "its response is not valid HTTP (non-integer status code: HTTP/1.1 20O OK)"),
        (wrapped(ValueError("conflicting Content-Length headers: b'17,18'")), "network",
         "its response is not valid HTTP (conflicting Content-Length headers: '17,18')"),
        (wrapped(KeyError(b"gzip, chunked")), "network", "its response is not valid HTTP (gzip, chunked)"),
        (wrapped(KeyError()), "network", "its response is not valid HTTP (KeyError)"),
        (wrapped(ValueError("x" * 9_000)), "network", f"not valid HTTP ({'x' * 200}…)"),
        (wrapped(OSError()), "network", "Exception: failed"),
        (KeyError(), "network", "KeyError"),
        (None, "network", "NoneType: None"),
    ],
)  # fmt: skip
def test_an_error_has_a_code_and_a_clause(error: BaseException | None, code: str, clause: str) -> None:
    found_code, found_clause = failure_reason(error, Request(URL))
    assert found_code == code
    assert clause in found_clause


def test_a_clause_names_the_limit_of_the_request() -> None:
    request = Request(URL, meta={"redirect_times": 3, "download_timeout": 59.6})
    assert failure_reason(IgnoreRequest("max redirections reached"), request)[1] == "it redirects more than 3 times"
    assert failure_reason(TimeoutError(), request)[1] == "no response within 60 s"


@pytest.mark.parametrize(
    ("error", "is_other_scheme_tried"),
    [
        (DownloadConnectionRefusedError(), True),
        (DownloadTimeoutError(), True),
        (wrapped(SSLError("wrong version number")), True),
        (wrapped(ConnectionLost()), True),
        (wrapped(SSLError("certificate verify failed")), False),
        (wrapped(VerificationError(errors=[])), False),
        (CannotResolveHostError(), False),
        (Refusal("private_address", "it is private"), False),
        (IgnoreRequest(), False),
    ],
)
def test_a_host_does_not_connect_unless_its_name_or_certificate_is_wrong(
    error: BaseException, is_other_scheme_tried: bool
) -> None:
    assert is_unconnected(error, Request(URL)) is is_other_scheme_tried
    assert not is_unconnected(error, Request(URL.replace("https", "http")))
