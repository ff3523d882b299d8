"""Near-duplicates and counterparts: accuracy on made copies, and CPU time: ``python -m benchmarks.workbench_copies``.

Goal: 200,000 articles within 10 minutes on two cores, and only new articles after that. The articles are those of the
demo site, whose texts are composed from one stock of sentences: unrelated articles have far more in common there than
on a real site.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.demo_archive import NEW, DemoTruth, add_articles, articles_of
from benchmarks.made_copies import KINDS
from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.copies.shingles import Shingles


def timed(passes: Iterable[int]) -> float:
    """The CPU seconds of a pass, with those of its worker processes."""
    started = cpu_seconds()
    for _ in passes:
        pass
    return cpu_seconds() - started


def cpu_seconds() -> float:
    """CPU seconds of this process and of those that it started and that ended."""
    return sum(os.times()[:4])


def accuracy(archive: Archive, articles: list[dict[str, Any]]) -> dict[str, Any]:
    """How many of the made copies were found, by kind, and how many results are none of them."""
    ids = {row["url"]: row["id"] for row in archive.db.query("SELECT id, url FROM articles")}
    made = {(ids[each["url"]], ids[each["original"]]): each["kind"] for each in articles if each["original"]}
    rows = list(archive.db.query("SELECT article_id, original_id, relation FROM copies"))
    found = {frozenset((row["article_id"], row["original_id"])): row["relation"] for row in rows}
    bodies = {each["url"]: each["body"] for each in articles}
    alike = {
        (ids[each["url"]], ids[each["original"]])
        for each in articles
        if each["original"] and is_alike(each["body"], bodies[each["original"]])
    }
    kinds = {
        kind: {
            "alike": sum(each == kind and pair in alike for pair, each in made.items()),
            "made": sum(each == kind for each in made.values()),
            "found": sum(frozenset(pair) in found for pair, each in made.items() if each == kind),
            "excerpts": sum(found.get(frozenset(pair)) == "excerpt" for pair, each in made.items() if each == kind),
        }
        for kind in KINDS
    }
    right = {frozenset(pair) for pair in made}
    stories = {
        frozenset((ids[each["url"]], ids[url]))
        for each in articles
        for url in each["counterparts"]
        if not each["original"] and url in ids
    }
    pairs = {
        frozenset((row["article_id"], row["counterpart_id"])) for row in archive.db.query("SELECT * FROM counterparts")
    }
    return {
        "kinds": kinds,
        "copies": {
            "made": len(right),
            "alike": len(alike),
            "found": len(right & found.keys()),
            "wrong": len(found.keys() - right),
        },
        "counterparts": {"known": len(stories), "found": len(stories & pairs), "wrong": len(pairs - stories)},
    }


def is_alike(one: str, other: str) -> bool:
    """Whether two texts are a near-duplicate or an excerpt by definition."""
    shingles = Shingles(one), Shingles(other)
    comparison = shingles[0].compare(shingles[1])
    return all(each.is_comparable for each in shingles) and (comparison.is_near_duplicate or comparison.is_excerpt)


def measure(path: Path, later: Iterable[DemoTruth]) -> dict[str, Any]:
    """CPU seconds of both passes over an archive, then over what is new, then over nothing; and sizes of files."""
    with Archive.open(path, "write") as archive:
        first = passes(archive)
    add_articles(path, later)
    with Archive.open(path, "write") as archive:
        new, none = passes(archive), passes(archive)
    sizes = {name: Path(f"{path}.{name}").stat().st_size for name in ("copies", "editions")}
    return {
        "cpu_s": {"all": first, f"{NEW} new": new, "none new": none},
        "bytes": sizes | {"archive": path.stat().st_size},
        "max_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def passes(archive: Archive) -> dict[str, float]:
    return {"copies": timed(archive.copies.find()), "editions": timed(archive.editions.find())}


def measure_accuracy(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Create an archive, measure it, and compare what was found with what was made."""
    path = folder / f"{count}.db"
    articles = list(articles_of(count, seed, "caliber"))
    add_articles(path, articles[NEW:])
    result = measure(path, articles[:NEW])
    with Archive.open(path) as archive:
        return {"articles": len(articles), **result, **accuracy(archive, articles)}


def report(result: dict[str, Any]) -> None:
    print(
        f"{result['articles']:,} articles; peak memory with the articles of the demo site {result['max_rss_mb']:,} MB"
    )
    for name, seconds in result["cpu_s"].items():
        print(f"  {name:10} copies {seconds['copies']:7.1f} s  editions {seconds['editions']:7.1f} s")
    print("  " + ", ".join(f"{name} {size / 1e6:,.0f} MB" for name, size in result["bytes"].items()))
    for kind, numbers in result["kinds"].items():
        print(
            f"  {kind:32} {numbers['made']:5} made, {numbers['alike']:5} alike, {numbers['found']:5} found"
            f" ({numbers['excerpts']} as excerpts)"
        )
    print(f"  copies {result['copies']}, counterparts {result['counterparts']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, nargs="+", default=[2_000])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [measure_accuracy(Path(folder), count, options.seed) for count in options.articles]
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        report(result)


if __name__ == "__main__":
    main()
