"""Recorded pages as captures."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from caliber_crawler.items import Capture
from caliber_crawler.site import Site
from caliber_crawler.site.generic import generic_site

PAGES = Path(__file__).parent.parent / "pages"
READ_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@cache
def site_named(name: str) -> Site:
    """Return the site of ``caliber_crawler/spiders/<name>.py``."""
    spider_module = vars(import_module(f"caliber_crawler.spiders.{name}"))
    sites = (getattr(spider, "site", None) for spider in spider_module.values())
    return next(site for site in sites if isinstance(site, Site))


def is_generic(folder: Path) -> bool:
    """Whether a recorded page is of a site without a definition: its folder is named like the host."""
    return "." in folder.parent.name


def site_of(folder: Path) -> Site:
    if is_generic(folder):
        return generic_site(expected_of(folder)["capture"]["url"])
    return site_named(folder.parent.name)


@cache
def expected_of(folder: Path) -> dict[str, Any]:
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return expected


def recorded_capture(folder: Path) -> Capture:
    page = next(path for path in (folder / "page.html", folder / "page.txt") if path.exists())
    fields = dict(expected_of(folder)["capture"])
    fields["headers"] = tuple((name, value) for name, value in fields.get("headers", ()))
    return Capture(site=folder.parent.name, fetched_at=READ_AT, status=200, body=page.read_bytes(), **fields)


def capture_of(body: str | bytes, url: str = "https://caliber.az/en/post/a-page", **more: Any) -> Capture:
    """Return a synthetic page of Caliber.Az."""
    content = body.encode() if isinstance(body, str) else body
    return Capture(site="caliber", url=url, fetched_at=READ_AT, status=200, body=content, **more)
