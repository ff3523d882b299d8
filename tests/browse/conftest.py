from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from datasette.app import Datasette
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from caliber_crawler.browse.datasette_versions import IS_VERSION_1, environment_of
from tests.browse.newsroom import print_newspaper

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Get = Callable[[str], httpx.Response]


class Templates(BytecodeCache):
    """Compiled templates, for all instances of Datasette in this process: compiling takes longer than most tests."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._compiled[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Templates()


def sql_page(path: str) -> str:
    """The path of a query, which Datasette 1.0 moved: ``/archive?sql=`` redirects to ``/archive/-/query?sql=``."""
    if not IS_VERSION_1:
        return path
    return re.sub(r"^(/[^/?.]+)(\.\w+)?\?(.*\bsql=)", r"\1/-/query\2?\3", path)


@contextmanager
def browsing(*files: Path, **options: Any) -> Iterator[Get]:
    """Serve these files with Datasette in this process; yield a function that requests a path."""
    with asyncio.Runner() as loop:
        served = Datasette([str(file) for file in files], **options)
        environment_of(served).bytecode_cache = TEMPLATES

        def get(path: str) -> httpx.Response:
            return loop.run(served.client.get(sql_page(path)))

        yield get


@pytest.fixture(scope="session")
def newspaper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("browse") / "archive.db"
    print_newspaper(path)
    return path


@pytest.fixture(scope="session")
def get(newspaper: Path) -> Iterator[Get]:
    with browsing(newspaper) as asked:
        yield asked


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium, imported only for tests that need it."""
    from tests.browse.chromium import chromium

    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def server(newspaper: Path) -> Iterator[str]:
    """The base URL of a Datasette in a process of its own."""
    from tests.browse.chromium import served

    with served(newspaper) as address:
        yield address
