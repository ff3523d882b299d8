"""Whether a site answers over HTTPS, asked with one connection and without a request."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from socket import gaierror
from urllib.parse import urlsplit

CONNECT_TIMEOUT = 10.0
"""Seconds."""
HTTPS_PORT = 443


async def speaks_tls(url: str, *, timeout: float = CONNECT_TIMEOUT) -> bool:
    """Whether a TLS connection to the host of a URL succeeds, whatever its certificate: the crawl judges that.

    A host without an IP address counts as one that does, because another scheme would not help.
    """
    parts = urlsplit(url)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connecting = asyncio.open_connection(parts.hostname, parts.port or HTTPS_PORT, ssl=context)
    try:
        _, writer = await asyncio.wait_for(connecting, timeout)
    except gaierror:
        return True
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError, TimeoutError):
        await asyncio.wait_for(writer.wait_closed(), timeout)
    return True
