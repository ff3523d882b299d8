"""How much of a whole site is found from its home page, and with how many requests; beside trafilatura's crawler.

Sites are served over loopback without delays: the synthetic ones of the tests, or copies of real ones:

    python -m benchmarks.discovery                  # synthetic sites: about two minutes
    python -m benchmarks.discovery --folder mirrors # each folder in it is a site

A folder contains the files of a site as they are served, ``index.html`` for a folder, and a file ``articles.txt`` with
the path of each article, one a line. trafilatura (``focused_crawler``, its search for sitemaps and feeds) only collects
URLs: its share is that of the articles whose URL it knows, after as many pages as ours needed; it stores none.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, unquote, urlsplit

from tabulate import tabulate

from tests.discovery.whole_sites import THEMES

TIMEOUT = 1_800
NOT_FOUND = (404, "text/html", b"<title>Not found</title><h1>404</h1>")
Answer = tuple[int, str, bytes]
TYPES = {".html": "text/html; charset=utf-8", ".xml": "application/xml", ".txt": "text/plain"}


class Served:
    """A site that is served, with the paths of its articles and the requests that it got."""

    def __init__(self, name: str, articles: set[str], answer: Callable[[str, dict[str, str]], Answer]) -> None:
        self.name, self.articles, self.answer = name, articles, answer
        self.requests: list[str] = []


def synthetic_sites() -> Iterator[Served]:
    """The sites of the tests, with 100 articles each."""
    for name, theme in THEMES.items():
        theme.articles = 100
        paper = theme.paper()

        def answer(url: str, form: dict[str, str], paper: object = paper) -> Answer:
            fragment = "#" + "&".join(f"{key}={value}" for key, value in form.items()) if form else ""
            found = paper.answer(f"http://site.example{url}{fragment}")  # type: ignore[attr-defined]
            body = found.body.encode() if isinstance(found.body, str) else found.body
            return found.status, found.media_type, body

        yield Served(name, {theme.slug(number) for number in range(theme.articles)}, answer)


def mirrors(folder: Path) -> Iterator[Served]:
    """The sites in the folders of a folder."""
    for root in sorted(each for each in folder.iterdir() if (each / "articles.txt").is_file()):
        articles = {path_of(line) for line in (root / "articles.txt").read_text(encoding="utf-8").splitlines() if line}

        def answer(url: str, form: dict[str, str], root: Path = root) -> Answer:
            path = (root / unquote(urlsplit(url).path).strip("/")).resolve()
            if path.is_dir():
                path /= "index.html"
            elif not path.is_file():
                path = path.with_name(f"{path.name}.html")
            if not path.is_file() or not path.is_relative_to(root.resolve()) or path.name == "articles.txt":
                return NOT_FOUND
            return 200, TYPES.get(path.suffix, "text/html; charset=utf-8"), path.read_bytes()

        yield Served(root.name, articles, answer)


@contextmanager
def serving(site: Served) -> Iterator[str]:
    """Serve a site; yield its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *values: object) -> None:
            pass

        def do_GET(self) -> None:
            form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()))
            site.requests.append(self.path)
            status, media_type, body = site.answer(self.path, form)
            here = self.headers.get("Host", "").encode()
            body = body.replace(b"site.example", here)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - the name that the library calls

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def path_of(url: str) -> str:
    parts = urlsplit(url)
    path = unquote(parts.path).rstrip("/").removesuffix("/index.html").removesuffix(".html")
    return path + (f"?{parts.query}" if parts.query else "")


def ours(site: Served) -> dict[str, object]:
    """Crawl a site with this program."""
    truth = {path_of(path) for path in site.articles}
    with tempfile.TemporaryDirectory() as folder, serving(site) as url:
        archive = Path(folder) / "a.db"
        command = [sys.executable, "-m", "caliber_crawler", "crawl", url, "--archive", str(archive), "--delay", "0"]
        run = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=TIMEOUT, check=False)
        with closing(sqlite3.connect(archive)) as database:
            rows = database.execute("SELECT url, article_id FROM article_urls").fetchall()
            order = database.execute("SELECT version_id IS NOT NULL FROM captures ORDER BY id").fetchall()
    stored: dict[int, set[str]] = {}
    for stored_url, article_id in rows:
        stored.setdefault(article_id, set()).add(path_of(stored_url))
    found = set().union(*stored.values()) & truth if stored else set()
    seen = 0
    most = next((at for at, (has,) in enumerate(order, start=1) if (seen := seen + has) >= 0.97 * len(truth)), None)
    return {
        "articles": len(truth),
        "stored": f"{len(found) / max(1, len(truth)):.1%}",
        "others": sum(not urls & truth for urls in stored.values()),
        "requests per article": round(len(site.requests) / max(1, len(truth)), 2),
        "97 % after": None if most is None else round(most / len(truth), 2),
        "exit": run.returncode,
        "estimate": json.loads(run.stdout).get("site_size") if run.stdout.startswith("{") else None,
    }


def trafilatura(site: Served, pages: int) -> dict[str, object]:
    """Let trafilatura collect the URLs of a site, with as many pages as ours requested.

    It accepts no numeric host and waits between requests, so its requests are answered here, under a name.
    """
    from trafilatura import downloads, feeds, sitemaps, spider

    truth = {path_of(path) for path in site.articles}
    site.requests.clear()
    host = f"www.{site.name}-news.org"  # its own for each site, because trafilatura remembers the URLs of a host

    def fetch(url: str) -> tuple[int, bytes] | None:
        parts = urlsplit(url)
        if parts.netloc != host:
            return None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        site.requests.append(path)
        status, _, body = site.answer(path, {})
        return status, body.replace(b"site.example", host.encode())

    def fetch_url(url: str, *values: object, **options: object) -> str | None:
        found = fetch(url)
        return found[1].decode("utf-8", "replace") if found is not None and found[0] == HTTPStatus.OK else None

    def fetch_response(url: str, *values: object, **options: object) -> object:
        found = fetch(url)
        return None if found is None else downloads.Response(found[1], found[0], url)

    with ExitStack() as patches:
        for module in (spider, feeds, sitemaps):
            patches.enter_context(mock.patch.object(module, "fetch_url", fetch_url))
            patches.enter_context(mock.patch.object(module, "sleep"))
        patches.enter_context(mock.patch.object(spider, "fetch_response", fetch_response))
        patches.enter_context(mock.patch.object(sitemaps, "is_live_page", return_value=True))
        home = f"https://{host}/"
        known = set(feeds.find_feed_urls(home)) | set(sitemaps.sitemap_search(home))
        todo, seen = spider.focused_crawler(home, max_seen_urls=pages, max_known_urls=100_000)
    known |= set(todo) | set(seen)
    found = {path_of(each) for each in known} & truth
    return {
        "trafilatura knows": f"{len(found) / max(1, len(truth)):.1%}",
        "its requests per article": round(len(site.requests) / max(1, len(truth)), 2),
    }


def main() -> None:
    """Print a table of all sites."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", help="Only these sites.")
    parser.add_argument("--folder", type=Path, help="Copies of real sites, a folder each.")
    arguments = parser.parse_args()
    rows = []
    for site in mirrors(arguments.folder) if arguments.folder else synthetic_sites():
        if arguments.names and site.name not in arguments.names:
            continue
        row = {"site": site.name, **ours(site)}
        rows.append(row | trafilatura(site, len(site.requests)))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(tabulate(rows, headers="keys"))


if __name__ == "__main__":
    main()
