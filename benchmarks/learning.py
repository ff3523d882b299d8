"""How well a site's layout is learned from few of its pages: python -m benchmarks.learning SITES [--pages 10]

SITES is a folder of real sites: ``truth/NAME.jsonl.zst`` has a line for each page (url, kind, headline, day, author,
body) and ``sites/NAME.tar.zst`` the pages. Some articles of each site are learned; others are extracted without
and with what was learned, and both are compared with the truth. Times are CPU time.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import random
import re
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import zstandard

from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Article, Capture, Extraction
from caliber_crawler.site import LearnedLayout, Site
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site_learning import learn_pages
from caliber_crawler.site_learning.facts import layout_of_facts, lesson_facts

NOW = datetime(2026, 11, 1, tzinfo=UTC)
HEADERS = (("Content-Type", "text/html; charset=utf-8"),)
FIELDS = ("headline", "day", "author", "body")
WORSE = 0.05
"""A body is better or worse if its score differs by more than this."""


@dataclass
class Scores:
    """Sums over pages: how often each field was asked for, and right without and with learning."""

    asked: Counter[str] = field(default_factory=Counter)
    plain: Counter[str] = field(default_factory=Counter)
    learned: Counter[str] = field(default_factory=Counter)
    worse: Counter[str] = field(default_factory=Counter)
    better: Counter[str] = field(default_factory=Counter)

    def note(self, name: str, before: float, after: float) -> None:
        self.asked[name] += 1
        self.plain[name] += before  # type: ignore[assignment]
        self.learned[name] += after  # type: ignore[assignment]
        margin = WORSE if name == "body" else 0
        self.worse[name] += before - after > margin
        self.better[name] += after - before > margin

    def add(self, other: Scores) -> None:
        for name in ("asked", "plain", "learned", "worse", "better"):
            getattr(self, name).update(getattr(other, name))

    def row(self) -> str:
        cells = []
        for name in FIELDS:
            count = self.asked[name]
            share = f"{self.plain[name] / count:.3f} {self.learned[name] / count:.3f}" if count else "    -     -"
            cells.append(f"{share} {self.worse[name]:3}/{self.better[name]:<3}")
        return "  ".join(cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sites", type=Path)
    parser.add_argument("--pages", type=int, default=10, help="pages that are learned")
    parser.add_argument("--held-out", type=int, default=60, help="other pages that are compared")
    parser.add_argument("--samples", type=int, default=2)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    total, milliseconds = Scores(), Counter[str]()
    print(
        f"{'site':10}"
        + "".join(f"{name + ': plain learned worse/better':34}" for name in FIELDS)
        + "CPU ms plain learned"
    )
    for path in sorted((arguments.sites / "truth").glob("*.jsonl.zst")):
        name = path.name.partition(".")[0]
        pages = list(load(arguments.sites, name))
        for seed in range(arguments.samples):
            compare(name, pages, seed, arguments, total, milliseconds)
    plain, learned = (milliseconds[name] / max(1, milliseconds["pages"]) for name in ("plain", "learned"))
    print(f"{'all':10}{total.row()}  {plain:.1f} {learned:.1f}")


def compare(
    name: str,
    pages: list[tuple[dict[str, Any], Capture]],
    seed: int,
    arguments: argparse.Namespace,
    total: Scores,
    milliseconds: Counter[str],
) -> None:
    articles = [page for page in pages if page[0]["kind"] == "article"]
    others = [page for page in pages if page[0]["kind"] != "article"]
    for each in (articles, others):
        random.Random(seed).shuffle(each)
    taught, held = articles[: arguments.pages], articles[arguments.pages :][: arguments.held_out]
    if not held:
        return
    site = generic_site(articles[0][1].url)
    lesson = learn_pages([capture for _, capture in taught], site, NOW)
    layout = layout_of_facts(lesson_facts(lesson)) or LearnedLayout()
    known = replace(site, learned=layout)
    scores, spent = Scores(), Counter[str]()
    for truth, capture in held:
        before, after = timed(capture, site, spent, "plain"), timed(capture, known, spent, "learned")
        for field_name in FIELDS:
            if truth.get(field_name):
                scores.note(field_name, value_of(before, truth, field_name), value_of(after, truth, field_name))
    wrong = sum(
        isinstance(extract_page(capture, known, NOW), Extraction)
        and not isinstance(extract_page(capture, site, NOW), Extraction)
        for _, capture in others[:40]
    )
    trust = "trusted" if layout.is_trusted else f"second opinion ({lesson.agreeing} of {lesson.compared} agree)"
    if layout.is_trusted and layout.untrusted:
        trust += f" but {', '.join(layout.untrusted)}"
    total.add(scores)
    milliseconds.update(spent)
    milliseconds["pages"] += len(held)
    print(
        f"{name:10}{scores.row()}  {spent['plain'] / len(held):.1f} {spent['learned'] / len(held):.1f}"
        f"  {trust}; {wrong} other pages more",
        flush=True,
    )


def timed(capture: Capture, site: Site, spent: Counter[str], name: str) -> Article | None:
    started = time.process_time()
    outcome = extract_page(capture, site, NOW)
    spent[name] += 1000 * (time.process_time() - started)  # type: ignore[assignment]
    return outcome.article if isinstance(outcome, Extraction) else None


def value_of(article: Article | None, truth: dict[str, Any], name: str) -> float:
    """1 or 0, or for a body its score."""
    if article is None:
        return 0.0
    match name:
        case "headline":
            return float(plain_text(article.headline) == plain_text(truth["headline"]))
        case "day":
            return float(article.published_at is not None and article.published_at.date().isoformat() == truth["day"])
        case "author":
            return float(plain_text(truth["author"]) in plain_text(" ".join(article.authors)))
    return body_score(article.body, truth["body"])


def plain_text(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold().replace("\u200c", ""))


def body_score(ours: str, true: str) -> float:
    """The F1 of the groups of four words of two texts; of four signs in Chinese and Japanese."""
    one, other = shingles(ours), shingles(true)
    return 2 * (one & other).total() / (one.total() + other.total())


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    if re.search("[\u3040-\u9fff]", text):
        words = list(re.sub(r"\W", "", text))
    return Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3)))


def load(folder: Path, name: str) -> Iterator[tuple[dict[str, Any], Capture]]:
    """The pages of a site with what is true of them."""
    files = files_of(folder / "sites" / f"{name}.tar.zst")
    with zstandard.open(folder / "truth" / f"{name}.jsonl.zst", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            path = unquote(row["url"]).strip("/")
            for file in (path, f"{path}/index.html", f"{path}.html"):
                if file in files:
                    url = f"https://{name}.example{row['url']}"
                    yield (
                        row,
                        Capture(
                            site=f"{name}.example",
                            url=url,
                            fetched_at=NOW,
                            status=200,
                            headers=HEADERS,
                            body=files[file],
                        ),
                    )
                    break


def files_of(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        raw = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(file)
        with tarfile.open(fileobj=io.BufferedReader(raw), mode="r|") as tar:  # type: ignore[arg-type]
            return {
                member.name.partition("/")[2]: content.read()
                for member in tar
                if member.isfile() and (content := tar.extractfile(member)) is not None
            }


if __name__ == "__main__":
    main()
