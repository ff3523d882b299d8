"""Why a fetch failed: errors of Scrapy and Twisted as a reason code and a clause for messages."""

from __future__ import annotations

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

from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.quantity import quantity

MAX_FAULT_LENGTH = 200
"""Characters of a fault in a response's header that a message quotes."""
PERMANENT_FAILURES = frozenset({"robots", "offsite", "scheme", "url_too_long"})
"""Codes of failures that a retry will not fix soon. ``private_address`` is not among them: every host resolves to a
private IP address in a network with a captive portal."""
NOT_REQUESTED = frozenset({"unreachable", "robots_unavailable", "busy", "challenged", "stopped"})
"""Codes that do not concern the page: it was not requested and stays due."""


def failure_reason(error: BaseException | None, request: Request) -> tuple[str, str]:
    """Return the reason code and the clause of an error."""
    match error:
        case Refusal():
            return error.code, error.clause
        case IgnoreRequest() if "redirections" in str(error):
            return "redirects", f"it redirects more than {quantity(request.meta.get('redirect_times', 0), 'time')}"
        case IgnoreRequest():
            return "offsite", str(error) or "it is on another host"
        case ValueError():
            return "offsite", f"its URL is not valid ({error})"
        case DownloadTimeoutError() | TimeoutError():
            return "timeout", f"no response within {request.meta.get('download_timeout', 0):.0f} s"
        case DownloadConnectionRefusedError():
            return "refused", "the connection was refused"
        case CannotResolveHostError():
            return "dns", "the host name does not resolve"
        case DownloadCancelledError():
            return "too_large", "it exceeds the size limit"
        case ResponseDataLossError():
            return "truncated", "the response ended too early"
    if _reasons(error, VerificationError):
        return "tls", "the connection is not secure: the certificate is for another host"
    if errors := _reasons(error, SSLError):
        message = str(errors[0])
        if "certificate verify failed" in message:
            return "tls", "the connection is not secure: the certificate is expired or not trusted"
        return "tls", "no secure connection: the TLS handshake failed; the server may not support TLS 1.2 or later"
    if _reasons(error, ConnectionAborted):
        return "too_large", "its headers exceed the size limit"
    if _reasons(error, ConnectionLost):
        return "reset", "the connection was lost"
    if _reasons(error, ConnectionDone):
        return "network", "the server closed the connection without a valid HTTP response"
    if faults := [fault for kind in (ParseError, ValueError, KeyError) for fault in _reasons(error, kind)]:
        return "network", f"its response is not valid HTTP ({_printed(faults[0])})"
    return "network", f"{type(error).__name__}: {error}".rstrip(": ")


def _printed(fault: BaseException) -> str:
    """What is wrong with the header of a response, in Twisted's words; a bare value is that of a header."""
    texts = [part.decode("latin-1") if isinstance(part, bytes) else str(part) for part in fault.args]
    text = ": ".join(texts).replace("b'", "'") or type(fault).__name__
    return text if len(text) <= MAX_FAULT_LENGTH else f"{text[:MAX_FAULT_LENGTH]}…"


def is_unconnected(error: BaseException | None, request: Request) -> bool:
    """Whether there was no connection over HTTPS for a reason that does not concern the host's name or certificate."""
    code, _ = failure_reason(error, request)
    is_refused = bool(_reasons(error, VerificationError)) or any(
        "certificate verify failed" in str(each) for each in _reasons(error, SSLError)
    )
    is_secure = request.url.startswith("https://")
    return is_secure and code in ("refused", "timeout", "reset", "network", "tls") and not is_refused


def _reasons(error: BaseException | None, kind: type[BaseException]) -> list[BaseException]:
    """Return the errors of one kind that Twisted wrapped in this error."""
    wrapped = getattr(getattr(error, "__cause__", None), "reasons", None) or []
    return [failure.value for failure in wrapped if isinstance(failure.value, kind)]
