"""Why there is no page: what Scrapy and Twisted raise, as a code to group by and a clause for a person."""

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
from twisted.internet.error import ConnectionAborted, ConnectionLost

from caliber_crawler.fetching.refusals import Refusal

PERMANENT_FAILURES = frozenset({"robots", "offsite", "scheme", "url_too_long"})
"""Codes of failures that no second try will mend soon. A name at a private address is none of them: so says every name
server of a network that wants a log-in first."""
NOT_REQUESTED = frozenset({"unreachable", "robots_unavailable", "busy", "challenged", "stopped"})
"""Codes that say nothing about the page: it was never asked for, and is due as before."""


def failure_reason(error: BaseException | None, request: Request) -> tuple[str, str]:
    """The code and the clause."""
    match error:
        case Refusal():
            return error.code, error.clause
        case IgnoreRequest() if "redirections" in str(error):
            return "redirects", f"it redirects more than {request.meta.get('redirect_times', 0)} times"
        case IgnoreRequest():
            return "offsite", str(error) or "it is on another host"
        case ValueError():
            return "offsite", f"its address cannot be read ({error})"
        case DownloadTimeoutError() | TimeoutError():
            return "timeout", f"no answer within {request.meta.get('download_timeout', 0):.0f} s"
        case DownloadConnectionRefusedError():
            return "refused", "the connection was refused"
        case CannotResolveHostError():
            return "dns", "there is no such host"
        case DownloadCancelledError():
            return "too_large", "it is larger than any page"
        case ResponseDataLossError():
            return "truncated", "it broke off before its end"
    if _reasons(error, VerificationError):
        return "tls", "the connection is not safe: the certificate is another host's"
    if unsafe := _reasons(error, SSLError):
        told = str(unsafe[0])
        if "certificate verify failed" in told:
            return "tls", "the connection is not safe: the certificate has run out, or nobody we trust has signed it"
        return "tls", "no safe connection could be made: TLS is spoken there otherwise, or not at all"
    if _reasons(error, ConnectionAborted):
        return "too_large", "its headers never end"
    if _reasons(error, ConnectionLost):
        return "reset", "the connection was lost"
    return "network", f"{type(error).__name__}: {error}".rstrip(": ")


def _reasons(error: BaseException | None, kind: type[BaseException]) -> list[BaseException]:
    """Those of the errors that Twisted wrapped up in this one that are of a kind."""
    wrapped = getattr(getattr(error, "__cause__", None), "reasons", None) or []
    return [failure.value for failure in wrapped if isinstance(failure.value, kind)]
