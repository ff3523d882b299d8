"""Which names occur in the same articles: a network for Gephi and other programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import combinations, groupby
from operator import itemgetter

from caliber_crawler.archive.analysis.names.chosen import Chosen
from caliber_crawler.archive.analysis.names.tokens import Kind
from caliber_crawler.archive.core.connection import Connection


@dataclass(frozen=True, slots=True)
class Node:
    """A name of the network."""

    name: str
    kind: Kind
    articles: int
    mentions: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Two names that occur in the same articles."""

    source: str
    source_kind: Kind
    target: str
    target_kind: Kind
    articles: int
    """Articles that mention both."""
    jaccard: float
    """Their share of the articles that mention either, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Network:
    """The most frequent names, and how often two of them occur in one article."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    names: int
    """Names that match, also those that are not in the network."""


def network_of(connection: Connection, nodes: list[Node], chosen: Chosen, least: int, names: int) -> Network:
    """The network of these names in the chosen articles; ``least`` is the minimum number of articles of an edge."""
    place = {(node.name, node.kind): number for number, node in enumerate(nodes)}
    together: Counter[tuple[int, int]] = Counter()
    rows = connection.execute(
        f"""SELECT DISTINCT m.article_id, m.name, m.kind FROM json_each(:chosen) j
        CROSS JOIN mentions m ON m.name = json_extract(j.value, '$[0]') AND m.kind = json_extract(j.value, '$[1]')
        WHERE {chosen.condition} ORDER BY m.article_id""",
        {"ids": chosen.ids, "chosen": json.dumps(list(place))},
    )
    for _, group in groupby(rows, key=itemgetter(0)):
        together.update(combinations(sorted(place[name, kind] for _, name, kind in group), 2))
    edges = []
    for (first, second), count in sorted(together.items(), key=lambda pair: (-pair[1], pair[0])):
        if count >= least:
            one, other = nodes[first], nodes[second]
            share = count / (one.articles + other.articles - count)
            edges.append(Edge(one.name, one.kind, other.name, other.kind, count, round(share, 4)))
    return Network(tuple(nodes), tuple(edges), names)
