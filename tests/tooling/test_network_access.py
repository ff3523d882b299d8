"""Everything that fetches goes through the crawl, and it is recorded which commands fetch."""

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
    "learn": "as many articles of a site as it learns from, with `caliber crawl`'s own spider",
    "doctor": "a sample of a site; with --scroll a listing and the requests of its scripts",
    "watch": "nothing itself: it runs `caliber crawl`",
    "cluster worker": "the jobs of the queue, through the crawl",
    "demo": "the demo site that it serves itself",
}
"""Commands that fetch, and what. tests/crawl/test_network_rules.py and tests/cluster/test_network_rules.py prove that
each obeys the rules."""
NOT_FETCHING = {
    *("alerts add", "alerts list", "alerts remove", "alerts send"),
    *("copies find", "copies list", "copies show"),
    *("names find", "names list", "names show", "names quotations", "names network"),
    *("editions find", "editions list", "editions show"),
    *("sample", "codes codebook", "codes import", "codes list", "codes agreement"),
    "check-package",
    *("cold move", "cold list", "cold locate", "cold return"),
    *(f"words {name}" for name in ("build", "collocates", "concordance", "keyness", "list", "ngrams")),
    *(
        "explain",
        "schedule",
        "ingest",
        "extract",
        "show",
        "history",
        "cite",
        "search",
        "attention",
        "views",
        "status",
        "browse",
        "export",
    ),
    *(
        "reextract",
        "verify",
        "backup",
        "bulk extract",
        "merge",
        "migrate",
        "split",
        "takedown",
        "demo serve",
        "demo truth",
    ),
    *(
        "cluster init",
        "cluster enqueue",
        "cluster status",
        "cluster metrics",
        "cluster acknowledge",
        "cluster define",
        "cluster collect",
        "cluster export",
        "cluster check",
        "cluster restore",
        "cluster migrate",
        "cluster takedown",
    ),
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
ALLOWED = {
    "caliber_crawler.crawl_process": "the crawl",
    "caliber_crawler.cluster.crawler": "the crawl, in a worker",
    "caliber_crawler.fetching.download_handler": "the requests of the crawl",
    "caliber_crawler.fetching.downloader": "the crawl's downloader",
    "caliber_crawler.fetching.failures": "names the errors of the HTTP client",
    "caliber_crawler.fetching.browser": "a browser that gets every response from the crawl's downloader",
    "caliber_crawler.notification": "the operator's webhooks and mail server",
    "caliber_crawler.settings": "reads the name of this machine",
    "caliber_crawler.demo.server": "listens on a loopback IP address",
    "caliber_crawler.commands.browse": "tests whether its own port is free",
    "caliber_crawler.bulk.dask_engine": "the operator's Dask cluster",
    "caliber_crawler.cluster": "the operator's database and shared storage",
}
"""Modules and packages that may use one of these libraries, and for what."""


def leaf_commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    """Every command that can be called, by its full name."""
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


def test_every_command_is_listed_as_fetching_or_not_fetching(commands: dict[str, click.Command]) -> None:
    assert FETCHING.keys() & NOT_FETCHING == set()
    assert commands.keys() == FETCHING.keys() | NOT_FETCHING


def test_a_command_fetches_only_through_the_crawl() -> None:
    graph = grimp.build_graph("caliber_crawler", exclude_type_checking_imports=True, cache_dir=None)
    fetching = {name.split()[0] for name in FETCHING} - {"watch"}
    names = {name.split()[0].replace("-", "_") for name in FETCHING.keys() | NOT_FETCHING}
    assert {
        name for name in names if CRAWL in graph.find_upstream_modules(f"caliber_crawler.commands.{name}")
    } == fetching


@pytest.mark.slow
def test_only_the_listed_modules_use_a_library_that_opens_connections() -> None:
    using = set()
    for path in our_files(ROOT / "caliber_crawler"):
        if path.suffix == ".py":
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            using |= {module for name in imported(path.read_text(encoding="utf-8")) if opens_connections(name)}
    allowed = {
        module: next((known for known in ALLOWED if f"{module}.".startswith(f"{known}.")), None) for module in using
    }
    assert {module for module, known in allowed.items() if known is None} == set()
    assert set(allowed.values()) == ALLOWED.keys(), "no entry is unused"


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
    """The nodes of a tree, without the branches for type checkers."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from running(child)
