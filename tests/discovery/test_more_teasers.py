"""The request for more teasers is part of the site definition: full crawls of a paper, for each kind of pagination."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qsl

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import PAGE, Answer, Gazette, Query, as_json, html, sold

pytestmark = pytest.mark.slow


def linked(gazette: Gazette, query: Query) -> Response:
    page = int(query.get("p", "1"))
    stories, further = gazette.part("world", page), gazette.part("world", page + 1)
    return gazette.listing(stories, f'<a class="older" href="?p={page + 1}">Older</a>' if further else "")


def button(gazette: Gazette, query: Query) -> Response:
    page = int(query.get("page", "1"))
    more = "<button class=more>More</button>" if gazette.part("world", page + 1) else ""
    return gazette.listing(gazette.part("world", page), more)


def fragments(gazette: Gazette, query: Query) -> Response:
    """HTML in JSON, if the request is like that of the site's own script."""
    start = int(query["offset"])
    teasers = "".join(map(gazette.teaser, gazette.sections["world"][start : start + int(query["n"])]))
    return as_json({"html": teasers}) if query["cat"] == "17" and query["lang"] == "en" else html("no", 400)


def objects(gazette: Gazette, query: Query) -> Response:
    start = int(query["offset"])
    stories = gazette.sections["world"]
    posts = [{"id": n, "headline": f"Story {n}"} for n in stories[start : start + PAGE]]
    return as_json({"result": {"posts": posts, "left": len(stories[start + PAGE :])}})


PAGINATIONS: dict[str, tuple[str, dict[str, Answer], list[str]]] = {
    "a link to the next page": ('next="a.older"', {"/world": linked}, ["/world", "/world?p=2", "/world?p=3"]),
    "pages by number, and a button while there are more": (
        'more="?page={page}", continues="button.more"',
        {"/world": button},
        ["/world", "/world?page=2", "/world?page=3"],
    ),
    "fragments by offset": (
        'more="/more?cat={id}&lang={language}&offset={offset}&n={size}", page_size=10,'
        'headers={"X-Requested-With": "XMLHttpRequest"}',
        {"/more": fragments},
        ["/world", *(f"/more?cat=17&lang=en&offset={offset}&n=10" for offset in (10, 20, 30))],
    ),
    "objects by offset, with the number of those left": (
        'more="/api/{section}?offset={offset}", page_size=10, last="result.left",'
        'json=JsonTeasers(items="result.posts", url="id", url_template="/story/{url}", headline="headline")',
        {"/api/world": objects},
        ["/world", "/api/world?offset=10", "/api/world?offset=20"],
    ),
}


class Posting(BaseHTTPRequestHandler):
    """The Gazette, which returns more teasers only for a form like that of its own script."""

    gazette: Gazette
    posted: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.answer(self.gazette.respond(self.path))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.posted.append(f"{self.path}?{form}")
        given = dict(parse_qsl(form))
        valid = self.headers["Content-Type"].startswith("application/x-www-form-urlencoded") and given["cat"] == "17"
        teasers = "".join(map(self.gazette.teaser, self.gazette.part("world", int(given["page"]))))
        self.answer(as_json({"html": teasers}) if valid else html("no", 400))

    def answer(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in (*response.headers, ("Content-Length", str(len(response.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, *_: object) -> None:
        pass


def test_more_teasers_are_requested_with_a_form(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette, posted = Gazette(), []
    handler = type("Handler", (Posting,), {"gazette": gazette, "posted": posted})
    listing, section = 'more="/ajax", form="action=more&cat={id}&page={page}"', {"world": 'id="17"'}
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
        sold(gazette, tmp_path, caliber, listing=listing, sections=section) as stand,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stand = replace(stand, base_url=f"http://127.0.0.1:{server.server_port}")
        runs = [stand.crawl("--json") for _ in range(2)]
        server.shutdown()
    assert [(run.exit_code, run.json["outcome"], run.json.get("new", 0)) for run in runs] == [
        (0, "finished", 25),
        (0, "finished", 0),
    ]
    assert posted == [f"/ajax?action=more&cat=17&page={page}" for page in (2, 3, 4)]


@pytest.mark.parametrize("pagination", PAGINATIONS)
def test_every_teaser_is_found_with_the_minimum_number_of_requests(
    caliber: Callable[..., Result], tmp_path: Path, pagination: str
) -> None:
    listing, pages, lists = PAGINATIONS[pagination]
    gazette, section = Gazette(pages=pages), {"world": 'id="17"'}
    with sold(gazette, tmp_path, caliber, listing=listing, sections=section) as stand:
        run = stand.crawl("--json")
        asked = [path for path in stand.asked() if not path.startswith("/story/")]
        requests = stand.requests()
        again = stand.crawl("--json")
        second = stand.asked(requests)
    assert (run.exit_code, run.json["outcome"], run.json["stored"]) == (0, "finished", 25)
    assert asked == lists
    assert (again.exit_code, second) == (0, ["/world"])


def test_all_pages_of_a_search_are_fetched_whatever_the_order_of_results(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette()

    def results(gazette: Gazette, query: Query) -> Response:
        part = gazette.part("world", int(query.get("page", "1")))
        return gazette.listing(part) if part else html("<h1>Nothing found</h1>", 404)

    gazette.pages["/find/price of bread"] = gazette.pages["/find/price%20of%20bread"] = results
    facts = 'sources=(Search(path="/find/{query}", more="?page={page}"),)'
    with sold(gazette, tmp_path, caliber, facts=facts) as stand:
        first = stand.crawl("--search", "price of bread", "--json")
        # A new article may be the worst match.
        gazette.sections["world"].append(26)
        second = stand.crawl("--search", "price of bread", "--json")
        nothing = stand.crawl("--search", "unicorns", "--json")
    assert (first.exit_code, first.json["new"]) == (0, 25)
    assert (second.exit_code, second.json["new"]) == (0, 1)
    assert (nothing.exit_code, nothing.json["outcome"]) == (3, "finished")
    assert stand.rows("select distinct discovered_via from frontier where kind = 'article'") == [("search",)]
