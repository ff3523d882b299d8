"""Sites are reproducible and can have any size."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tracemalloc
from itertools import islice
from urllib.parse import quote

import pytest

from caliber_crawler.demo import DemoSite
from caliber_crawler.demo.article import Article
from caliber_crawler.demo.dice import dice
from caliber_crawler.demo.newsroom import Newsroom
from caliber_crawler.demo.site import BATCH, SEARCHED
from tests.demo.visible import LATER

FINGERPRINT = """
import hashlib, json
from datetime import datetime
from caliber_crawler.demo import DemoSite
at = datetime.fromisoformat("2026-11-23T12:00:00+00:00")
site, digest = DemoSite(80, seed=7), hashlib.sha256()
for truth in site.truth(at):
    digest.update(json.dumps(truth).encode())
    for url in truth["urls"]:
        digest.update(site.respond(url.removeprefix(site.base_url), at).body)
for path in ("/", "/en/category/analytics", "/arm?page=2", "/rss.xml", "/search/a"):
    digest.update(site.respond(path, at).body)
print(digest.hexdigest())
"""


def fingerprint(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.slow
def test_pages_and_truth_are_the_same_in_every_process() -> None:
    assert fingerprint("1") == fingerprint("2")


def test_another_seed_gives_another_site() -> None:
    one, two = ({t["slug"] for t in DemoSite(200, seed=seed).truth(LATER)} for seed in (1, 2))
    assert one & two <= {"baku-s-geopolitical-formula"}


def test_truth_can_be_written_as_json(site: DemoSite) -> None:
    for truth in islice(site.truth(LATER), 50):
        assert json.loads(json.dumps(truth)) == truth


@pytest.fixture
def generated_articles(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The articles generated so far, one entry per call."""
    numbers: list[int] = []
    write = Newsroom.article

    def count(self: Newsroom, k: int) -> Article:
        numbers.append(k)
        return write(self, k)

    monkeypatch.setattr(Newsroom, "article", count)
    return numbers


def test_a_request_to_the_largest_site_generates_few_articles(generated_articles: list[int]) -> None:
    site = DemoSite(200_000, seed=3)
    truth = next(site.truth(LATER))
    for target, most in (
        (truth["url"].removeprefix(site.base_url), 20),
        ("/en/category/analytics", BATCH),
        ("/en/category/analytics?page=1500", BATCH),
        ("/category/analitika?page=99999", 0),
        ("/en/post/nothing-of-the-kind", 0),
        ("/ru/post/123456/", 20),
        ("/search/" + quote("ничего"), SEARCHED),
    ):
        generated_articles.clear()
        site.respond(target, LATER)
        assert len(generated_articles) <= most, target


@pytest.mark.slow
def test_a_site_of_200_000_articles_uses_constant_memory() -> None:
    site, chance = DemoSite(200_000, seed=3), dice("size")
    timeline, newsroom = site.newsroom.timeline, site.newsroom

    def visit(pages: int) -> None:
        for _ in range(pages):
            article = newsroom.article(chance.randint(timeline.newest, timeline.oldest))
            assert site.respond(quote(article.path), LATER).status == 200

    visit(100)
    tracemalloc.start()
    try:
        visit(300)
        grown, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < 1_000_000
    assert peak < 3_000_000


@pytest.mark.slow
def test_truth_is_generated_lazily() -> None:
    truths = DemoSite(200_000, seed=3).truth(LATER)
    tracemalloc.start()
    try:
        digest = hashlib.sha256()
        for truth in islice(truths, 300):
            digest.update(truth["body"].encode())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000
