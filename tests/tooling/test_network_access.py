"""There is one way to the network, and every command is known to take it or to take none."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import click
import grimp
import pytest

from caliber_crawler.commands.cli import main
from tests.tooling.repository import ROOT, our_files

FETCHING = {
    "crawl": "articles",
    "record": "one page",
    "doctor": "a sample of a site; with --scroll a listing and what its scripts ask for",
    "watch": "nothing itself: it runs `caliber crawl`",
    "cluster worker": "what the queue says, with the crawl's own machinery",
    "demo": "the demo site that it serves itself",
}
"""Commands that fetch pages, and which. tests/crawl/test_network_rules.py and tests/cluster/test_network_rules.py
prove that each keeps the rules."""
NOT_FETCHING = {
    *("explain", "schedule", "ingest", "read", "show", "history", "cite", "search", "status", "browse", "export"),
    *("reextract", "verify", "backup", "bulk read", "merge", "migrate", "takedown", "demo serve", "demo truth"),
    *("cluster init", "cluster enqueue", "cluster status", "cluster collect"),
}
CRAWL = "caliber_crawler.crawl_process"
"""The module through which every fetch goes: it starts Scrapy with the project's settings."""

CONNECTING = {
    *(
        "scrapy.crawler",
        "scrapy.core.downloader",
        "twisted.web",
        "playwright",
        "httpx",
        "requests",
        "aiohttp",
        "urllib3",
        "urllib.request",
        "http.client",
    ),
    *(
        "socket",
        "ftplib",
        "smtplib",
        "websockets",
        "fsspec",
        "psycopg",
        "procrastinate",
        "dask",
        "distributed",
        "uvicorn",
    ),
}
"""Libraries that open connections."""
CONNECTED = {
    "caliber_crawler.crawl_process": "the crawl",
    "caliber_crawler.cluster.crawler": "the crawl, in a worker",
    "caliber_crawler.fetching.download_handler": "the crawl's requests, each in its turn",
    "caliber_crawler.fetching.downloader": "the crawl's downloader",
    "caliber_crawler.fetching.browser": "a browser that gets every response from the crawl's downloader",
    "caliber_crawler.commands.notification": "the operator's webhook",
    "caliber_crawler.settings": "asks this machine for its name",
    "caliber_crawler.demo.server": "listens on a loopback address",
    "caliber_crawler.bulk.dask_engine": "the operator's Dask cluster",
    "caliber_crawler.cluster": "the operator's database and shared storage",
}
"""Every module, or package, that may use one of them, and for what."""


def leaf_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from leaf_commands(command, (*path, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield " ".join((*path, name)), command


@pytest.fixture(scope="module")
def commands() -> dict[str, click.Command]:
    assert isinstance(main, click.Group)
    return dict(leaf_commands(main))


def test_every_command_is_said_to_fetch_or_not(commands: dict[str, click.Command]) -> None:
    assert FETCHING.keys() & NOT_FETCHING == set()
    assert commands.keys() == FETCHING.keys() | NOT_FETCHING


def test_a_command_fetches_through_the_crawl_or_not_at_all() -> None:
    graph = grimp.build_graph("caliber_crawler", exclude_type_checking_imports=True, cache_dir=None)
    said = {name.split()[0] for name in FETCHING} - {"watch"}
    names = {name.split()[0] for name in FETCHING.keys() | NOT_FETCHING}
    assert {name for name in names if CRAWL in graph.find_upstream_modules(f"caliber_crawler.commands.{name}")} == said


def test_only_these_modules_use_a_library_that_opens_connections() -> None:
    using = set()
    for path in our_files(ROOT / "caliber_crawler"):
        if path.suffix == ".py":
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            using |= {module for name in imported(path.read_text(encoding="utf-8")) if opens_connections(name)}
    allowed = {
        module: next((known for known in CONNECTED if f"{module}.".startswith(f"{known}.")), None) for module in using
    }
    assert {module for module, known in allowed.items() if known is None} == set()
    assert set(allowed.values()) == CONNECTED.keys(), "an entry that no module needs is taken out"


def opens_connections(name: str) -> bool:
    return any(f"{name}.".startswith(f"{library}.") for library in CONNECTING)


def imported(source: str) -> Iterator[str]:
    """The modules that a file imports when it runs."""
    for node in running(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            yield from (str(name.value) for name in node.args if isinstance(name, ast.Constant))


def running(node: ast.AST) -> Iterator[ast.AST]:
    """A tree without what only type checkers see."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from running(child)
