"""A site without a definition whose lists load further teasers on scroll, in a real browser."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.browse.chromium import CHROMIUM
from tests.conftest import Result
from tests.discovery.kinds.building import page, short_slug, story, teaser

pytestmark = pytest.mark.slow

ARTICLES, PER_PAGE = 30, 6
SCRIPT = """<script>
const place = ['', 'more', 'teasers'].join('/');  // no request is written in the page
let shown = 6, busy = false;
addEventListener('scroll', async () => {
  if (busy) return;
  busy = true;
  const answer = await fetch(place + '?' + new URLSearchParams({after: shown, kind: 'all'}));
  for (const each of await answer.json())
    document.querySelector('main').insertAdjacentHTML('beforeend', `<h3><a href="${each.u}">${each.t}</a></h3>`);
  shown += 6; busy = false;
});
</script><div style="height: 3000px"></div>"""


class Scrolling(BaseHTTPRequestHandler):
    """A home page that shows six teasers, and six more at each scroll."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        parts = urlsplit(self.path)
        articles = {short_slug(number): number for number in range(ARTICLES)}
        if parts.path == "/":
            self.answer(page("Home", "".join(teaser(short_slug(n), n) for n in range(PER_PAGE)) + SCRIPT))
        elif parts.path == "/more/teasers":
            after = int(dict(parse_qsl(parts.query))["after"])
            shown = range(after, min(after + PER_PAGE, ARTICLES))
            self.answer(json.dumps([{"u": short_slug(n), "t": f"Evening {n} of the town"} for n in shown]))
        elif parts.path in articles:
            self.answer(story(articles[parts.path]))
        else:
            self.answer("<h1>Not found</h1>", 404)

    def answer(self, text: str, status: int = 200) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if text.startswith("[") else "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_browser_scrolls_the_lists_of_an_explored_site(caliber: Callable[..., Result], tmp_path: Path) -> None:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: tests in a browser must run there")
        pytest.skip("no Chromium on this machine")
    archive, asked = tmp_path / "a.db", list[str]()
    handler = type("Handler", (Scrolling,), {"asked": asked})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        plain = caliber("crawl", url, "--archive", archive, "--delay", 0, "--json")
        before = list(asked)
        scrolled = caliber("crawl", url, "--archive", archive, "--delay", 0, "--scroll", "--json")
        server.shutdown()
    assert plain.json["articles_known"] == PER_PAGE
    assert not any(path.startswith("/more") for path in before)
    assert (scrolled.exit_code, scrolled.json["articles_known"]) == (0, ARTICLES), scrolled.stderr
    with closing(sqlite3.connect(archive)) as opened:
        stored = {urlsplit(each).path for (each,) in opened.execute("SELECT url FROM articles")}
    assert stored == {short_slug(number) for number in range(ARTICLES)}
