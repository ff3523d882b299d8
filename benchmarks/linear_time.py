"""CPU time of extraction for growing pages that repeat one pattern: python -m benchmarks.linear_time

Extracts each page of ``tests/hostile/growth.py`` at several sizes, in a process of its own and without the limits of
isolated extraction. The growth is the exponent between the two largest sizes: 1 is linear, 2 quadratic. ``--fuzz`` also
tries every element and attribute of HTML in several arrangements. Exit code 3: a pattern grows faster than ``--limit``.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import resource
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from caliber_crawler.extraction_steps import extract_page
from caliber_crawler.items import Capture, Extraction, Problem
from caliber_crawler.site.generic import generic_site
from tests.hostile.growth import ATTRIBUTES, ELEMENTS, PATTERNS, PLAIN_TEXTS, Growing, nested, numbered, page

URL = "https://news.example/2026/01/07/talks-resume-after-winter"
AT = datetime(2026, 1, 8, tzinfo=UTC)
MAX_SECONDS = 120
MAX_MEMORY = 4 << 30
SHORT = 0.15
"""Seconds below which a growth means nothing."""


class Measured(NamedTuple):
    """The outcome of one page, and the CPU seconds that its extraction took."""

    outcome: str
    seconds: float


def measure(body: bytes, media_type: str = "text/html") -> Measured:
    """Extract a page in a process of its own."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(reader)
        resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        try:
            os.write(writer, json.dumps(extract(body, media_type)).encode())
        except BaseException as error:  # noqa: BLE001  any failure is a result
            os.write(writer, json.dumps([type(error).__name__, 0.0]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        result = pipe.read()
    os.waitpid(pid, 0)
    return Measured(*json.loads(result)) if result else Measured(f"killed after {MAX_SECONDS} s", float(MAX_SECONDS))


def extract(body: bytes, media_type: str = "text/html") -> Measured:
    """Extract a page in this process."""
    site = generic_site(URL)
    headers = (("content-type", f"{media_type}; charset=utf-8"),)
    capture = Capture(site=site.name, url=URL, fetched_at=AT, status=200, headers=headers, body=body)
    started = time.process_time()
    outcome = extract_page(capture, site, AT)
    seconds = time.process_time() - started
    if isinstance(outcome, Extraction):
        return Measured("article", seconds)
    return Measured(outcome.reason if isinstance(outcome, Problem) else "listing", seconds)


def growth(smaller: Measured, larger: Measured, factor: float) -> float:
    """The exponent of growth between two sizes; 0 if the larger one takes next to no time."""
    if larger.seconds < SHORT:
        return 0.0
    return math.log(larger.seconds / max(smaller.seconds, 0.005)) / math.log(factor)


def fuzzed(seed: int, count: int) -> Iterator[tuple[str, Growing]]:
    """Every element and attribute in several arrangements, then random combinations of three."""
    for tag in ELEMENTS:
        yield f"<{tag}> closed", lambda size, tag=tag: numbered(size, f"<{tag}>word #</{tag}>")
        yield f"<{tag}> open", lambda size, tag=tag: numbered(size, f"<{tag}>word # ")
        yield f"<{tag}> nested", lambda size, tag=tag: nested(size, f"<{tag}>", f"</{tag}>", depth=80)
        yield (
            f"<{tag}> in the text",
            lambda size, tag=tag: numbered(size, f"<{tag} class=c#>word.</{tag}>", where="text"),
        )
    for name in ATTRIBUTES:
        yield f"{name}= of many", lambda size, name=name: numbered(size, f"<div {name}='view# date author'>x</div>")
        yield f"{name}= long", lambda size, name=name: page(size, body=f"<p {name}='{'author date ' * (size // 12)}'>x")
    source = random.Random(seed)
    for _ in range(count):
        outer, inner, last = source.sample(ELEMENTS, 3)
        name = source.choice(ATTRIBUTES)
        ends = "".join(f"</{tag}>" for tag in (last, inner, outer) if source.random() < 0.7)
        unit = f"<{outer} {name}='related-#'>7 May <{inner} class=views>20#<{last}>By Ann Lee{ends}"
        where = source.choice(("body", "text", "head"))
        yield f"{unit} in {where}", lambda size, unit=unit, where=where: numbered(size, unit, where=where)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1250000,5000000", help="numbers of bytes")
    parser.add_argument("--only", metavar="NAMES", help="names of patterns, separated by commas")
    parser.add_argument(
        "--fuzz", type=int, metavar="COUNT", help="every element and attribute, and random combinations"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=1.35, help="greatest growth")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    extract(PATTERNS["paragraphs"](20_000))  # imports every library before the first measurement
    patterns: Mapping[str, Growing] = {**PATTERNS, **PLAIN_TEXTS}
    if options.fuzz is not None:
        patterns = dict(fuzzed(options.seed, options.fuzz))
    if options.only:
        patterns = {name: patterns[name] for name in options.only.split(",")}
    missed = 0
    print(f"{'pattern':44}{'outcome':>18}" + "".join(f"{size / 1e6:>9.2f} MB" for size in sizes) + f"{'growth':>9}")
    for name, grown in patterns.items():
        media_type = "text/plain" if name in PLAIN_TEXTS else "text/html"
        measured = [measure(grown(size), media_type) for size in sizes]
        exponent = growth(measured[-2], measured[-1], sizes[-1] / sizes[-2])
        missed += exponent > options.limit
        row = "".join(f"{each.seconds:>12.2f}" for each in measured)
        print(
            f"{name:44}{measured[-1].outcome:>18}{row}{exponent:>9.2f}{' !' if exponent > options.limit else ''}",
            flush=True,
        )
    return 3 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
