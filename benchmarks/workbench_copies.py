"""Near-duplicates and counterparts: accuracy on made copies, and CPU time: ``python -m benchmarks.workbench_copies``.

Goal: 200,000 articles within 10 minutes on two cores, and only new articles after that. The articles are those of the
demo site, whose texts are composed from one stock of sentences: unrelated articles have far more in common there than
on a real site. Their rows are inserted directly, because only the passes are measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.copies.shingles import Shingles
from caliber_crawler.archive.core.checksums import without_triggers
from caliber_crawler.demo import DemoSite

COPIED = 0.05
"""Share of the articles with a copy on another site."""
NEW = 500
"""Articles that arrive after the first pass."""
BATCH = 5_000
CUTS = (10, 30, 50, 60)
EDITS = (3, 6)
EPOCH = "2026-09-01T00:00:00Z"


def reordered(body: str, chance: Random) -> str:
    paragraphs = body.split("\n\n")
    return "\n\n".join(chance.sample(paragraphs, len(paragraphs)))


def cut(body: str, share: float, chance: Random) -> str:
    words = body.split(" ")
    size = round(len(words) * share)
    start = chance.randint(0, len(words) - size)
    return " ".join(words[:start] + words[start + size :])


def edited(body: str, share: float, chance: Random) -> str:
    words = body.split(" ")
    for place in chance.sample(range(len(words)), round(len(words) * share)):
        words[place] = f"x{chance.randrange(10**6)}"
    return " ".join(words)


def noise(body: str, share: float, chance: Random) -> str:
    return " ".join(f"n{chance.randrange(10**6)}" for _ in range(round(len(body.split()) * share)))


def cut_share(percent: int, body: str, chance: Random) -> str:
    return cut(body, percent / 100, chance)


def edit_share(percent: int, body: str, chance: Random) -> str:
    return edited(body, percent / 100, chance)


KINDS: dict[str, Callable[[str, Random], str]] = {
    "unchanged": lambda body, chance: body,
    **{f"{share} % cut": partial(cut_share, share) for share in CUTS},
    **{f"{share} % edited": partial(edit_share, share) for share in EDITS},
    "reordered": lambda body, chance: reordered(body, chance),
    "50 % added": lambda body, chance: f"{noise(body, 0.25, chance)}\n\n{body}\n\n{noise(body, 0.25, chance)}",
    "20 % cut, 3 % edited, reordered": lambda body, chance: reordered(
        edited(cut(body, 0.2, chance), 0.03, chance), chance
    ),
}  # fmt: skip
"""Ways to make a copy of a text."""


def articles_of(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """The newest articles of a demo site; one in twenty is followed by a copy with a part cut off."""
    chance = Random(seed)
    for truth in islice(DemoSite(200_000, seed=seed).truth(), count):
        yield truth | {"original": None}
        if chance.random() < COPIED:
            kind = chance.choice(list(KINDS))
            later = datetime.fromisoformat(truth["published_at"]) + timedelta(hours=chance.uniform(1, 50))
            yield truth | {
                "original": truth["url"],
                "kind": kind,
                "url": f"{truth['url']}-copy",
                "site": "copier",
                "counterparts": [],
                "cover_image": None,
                "published_at": later.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "body": KINDS[kind](truth["body"], chance),
            }


def fill(archive: Archive, articles: Iterable[dict[str, Any]]) -> None:
    """Insert articles with one version each."""
    connection = archive._connection
    if connection.value("SELECT 1 FROM runs") is None:
        connection.execute(
            "INSERT INTO runs (id, command, started_at, heartbeat_at) VALUES (1, 'crawl', ?, ?)", (EPOCH, EPOCH)
        )
        connection.execute(
            """INSERT INTO captures (id, run_id, site, kind, url, fetched_at, status)
            VALUES (1, 1, 'demo', 'x', ?, ?, 200)""",
            ("http://127.0.0.1/", EPOCH),
        )
    rest = iter(articles)
    while part := list(islice(rest, BATCH)):
        with archive.transaction(), without_triggers(connection, "versions"):
            for truth in part:
                id = (connection.value("SELECT max(id) FROM articles") or 0) + 1
                values = {name: truth[name] for name in ("language", "section", "headline", "url", "published_at")}
                values |= {"id": id, "site": truth.get("site", "demo"), "cover": truth["cover_image"], "at": EPOCH}
                values |= {"body": truth["body"], "words": len(truth["body"].split()), "digest": f"{id:064x}"}
                connection.execute(
                    """INSERT INTO articles (id, headline, published_at, language, section, url, site, cover_image,
                    first_seen_at, last_seen_at, word_count, version_count)
                    VALUES (:id, :headline, :published_at, :language, :section, :url, :site, :cover, :at, :at,
                    :words, 1)""",
                    values,
                )
                connection.execute(
                    """INSERT INTO versions (id, article_id, number, cause, seen_from, seen_until, headline, word_count,
                    body, content_digest, capture_id, run_id, extractor, layout)
                    VALUES (:id, :id, 1, 'first', :at, :at, :headline, :words, :body, :digest, 1, 1, 'x', 'new')""",
                    values,
                )
                connection.execute("UPDATE articles SET current_version_id = :id WHERE id = :id", values)


def timed(passes: Iterable[int]) -> float:
    """The CPU seconds of a pass."""
    started = time.process_time()
    for _ in passes:
        pass
    return time.process_time() - started


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


def measure(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Both passes over an archive, then over what is new, then over nothing."""
    path = folder / f"{count}.db"
    for ending in ("", "-wal", "-shm", ".lock", ".copies", ".editions"):
        with suppress(FileNotFoundError):
            Path(f"{path}{ending}").unlink()
    articles = list(articles_of(count, seed))
    late = articles[:NEW]
    with Archive.open(path, "write") as archive:
        fill(archive, articles[NEW:])
        first = {"copies": timed(archive.copies.find()), "editions": timed(archive.editions.find())}
        fill(archive, late)
        new = {"copies": timed(archive.copies.find()), "editions": timed(archive.editions.find())}
        none = {"copies": timed(archive.copies.find()), "editions": timed(archive.editions.find())}
        found = accuracy(archive, articles)
        sizes = {
            name: Path(f"{path}{ending}").stat().st_size
            for name, ending in (("copies", ".copies"), ("editions", ".editions"))
        }
        sizes["archive"] = path.stat().st_size
    return {
        "articles": len(articles),
        "cpu_s": {"all": first, f"{NEW} new": new, "none new": none},
        "bytes": sizes,
        "max_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **found,
    }


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
        results = [measure(Path(folder), count, options.seed) for count in options.articles]
    if options.json:
        print(json.dumps(results, indent=2))
        return
    for result in results:
        report(result)


if __name__ == "__main__":
    main()
