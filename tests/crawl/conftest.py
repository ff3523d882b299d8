"""Fixtures of hostile sites for crawls."""

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
    """A running hostile site; ``instead`` maps URLs to other behaviours and can be changed while it runs."""

    instead: dict[str, Any]

    def paths(self) -> list[str]:
        return [request["path"] for request in self.requests()]


@pytest.fixture
def misbehave(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a context manager that serves a hostile site."""

    @contextmanager
    def serving(articles: int = 30, tls: SSLContext | None = None, **options: Any) -> Iterator[Misbehaving]:
        log = tmp_path / f"hostile-{len(list(tmp_path.glob('hostile-*')))}.jsonl"
        demo = DemoSite(articles=articles, seed=1, sections=("analytics",), clock=lambda: AT)
        hostile = HostileSite(demo, **options)
        with misbehaving(hostile, log=log, tls=tls) as base_url:
            yield Misbehaving(demo, base_url, log, hostile.instead)

    return serving
