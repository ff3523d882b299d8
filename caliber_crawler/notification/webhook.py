"""Webhooks: JSON posted to a URL of the operator. Certificates are checked, and redirects are not followed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from caliber_crawler.notification.deadline import TIMEOUT, run_within


def post(
    url: str, payload: object, timeout: float = TIMEOUT, *, headers: Mapping[str, str] | None = None
) -> str | None:
    """Post a payload as JSON; return the cause of a failure as a clause."""
    return run_within(timeout, lambda: _request("POST", url, timeout, json=payload, headers=dict(headers or {})))


def request(url: str, timeout: float = TIMEOUT) -> str | None:
    """Request a URL; return the cause of a failure as a clause."""
    return run_within(timeout, lambda: _request("GET", url, timeout))


def _request(method: str, url: str, timeout: float, **content: Any) -> str | None:
    import httpx

    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)  # they log complete URLs
    try:
        with httpx.stream(method, url, timeout=timeout, **content) as response:
            return None if response.is_success else f"it answered {response.status_code}"
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        return "it is not the URL of a web page"
    except httpx.TimeoutException:
        return f"no answer within {timeout:g} s"


def host_of(url: str) -> str:
    """The host of a URL, for messages: the rest may be a secret."""
    try:
        return urlsplit(url).hostname or "the given URL"
    except ValueError:
        return "the given URL"
