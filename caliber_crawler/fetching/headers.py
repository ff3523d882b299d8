"""The headers of a response, as a capture keeps them."""

from __future__ import annotations

from scrapy.http import Response


def header_pairs(response: Response) -> tuple[tuple[str, str], ...]:
    """Headers in the order Scrapy kept them; it joins neither repeated names nor their values."""
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in response.headers.items()
        for value in values
    )
