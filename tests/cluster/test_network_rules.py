"""A worker obeys robots.txt, back-off and TLS checks; the logs of the crawled sites show it."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trustme

from caliber_crawler.demo import DemoSite
from tests.cluster.crew import run_crew
from tests.cluster.press import MODULE, Paper, Press, module_of
from tests.conftest import AT
from tests.hostile.site import Behaviour, HostileSite, answering, misbehaving

pytestmark = pytest.mark.slow

FORBIDDING = b"User-agent: *\nDisallow: /\n"


@contextmanager
def serve_hostile_press(folder: Path, robots: dict[str, Behaviour], untrusted: str) -> Iterator[Press]:
    """Newspapers with the given robots.txt behaviours, and one with an untrusted certificate."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.9").configure_cert(server)
    papers = []
    with ExitStack() as stack:
        for number, name in enumerate([*robots, untrusted], 7):
            site = DemoSite(articles=10, seed=number, sections=("analytics",), clock=lambda: AT)
            hostile = HostileSite(site, instead={"/robots.txt": robots[name]} if name in robots else {})
            log, tls = folder / f"{name}.jsonl", server if name == untrusted else None
            base_url = stack.enter_context(misbehaving(hostile, log=log, host=f"127.0.0.{number}", tls=tls))
            papers.append(Paper(name, site, base_url, log))
        (folder / f"{MODULE}.py").write_text(module_of(papers))
        yield Press(papers, folder)


def test_worker_obeys_the_rules_of_a_crawl(dsn: str, tmp_path: Path) -> None:
    robots = {
        "busy": answering(503, Retry_After="86400"),
        "forbidding": answering(200, FORBIDDING, Content_Type="text/plain"),
    }
    with serve_hostile_press(tmp_path, robots, untrusted="unsafe") as press, run_crew(dsn, press, tmp_path) as crew:
        crew.enqueue()
        crew.start("w")
        crew.wait_for(lambda: all(crew.log("w").count(f"{name}: job") >= 2 for name in ("busy", "unsafe")))
        crew.wait_for(lambda: "forbidding: " in crew.log("w"))
        asked = {paper.name: [request["path"] for request in paper.requests()] for paper in press.papers}
    assert asked == {"busy": ["/robots.txt"], "forbidding": ["/robots.txt"], "unsafe": []}
