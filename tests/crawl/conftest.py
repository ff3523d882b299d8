"""A badly behaved site, and the crawl of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from ssl import SSLContext
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite
from tests.conftest import AT, Served
from tests.hostile.site import HostileSite, misbehaving


@dataclass(frozen=True)
class Misbehaving(Served):
    """A hostile site that is being served; what it answers instead of good pages can be changed meanwhile."""

    instead: dict[str, Any]

    def paths(self) -> list[str]:
        return [request["path"] for request in self.requests()]


@pytest.fixture
def misbehave(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Serve hostile sites for as long as a ``with`` block lasts."""

    @contextmanager
    def serving(articles: int = 30, tls: SSLContext | None = None, **options: Any) -> Iterator[Misbehaving]:
        log = tmp_path / f"hostile-{len(list(tmp_path.glob('hostile-*')))}.jsonl"
        demo = DemoSite(articles=articles, seed=1, sections=("analytics",), clock=lambda: AT)
        hostile = HostileSite(demo, **options)
        with misbehaving(hostile, log=log, tls=tls) as base_url:
            yield Misbehaving(demo, base_url, log, hostile.instead)

    return serving
