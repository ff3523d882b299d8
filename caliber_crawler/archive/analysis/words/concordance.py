"""Concordance: each occurrence of a node in its context (KWIC), sorted by the words around it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from caliber_crawler.archive.analysis.words.corpus import Corpus
from caliber_crawler.archive.analysis.words.index_file import OF_ALL, DamagedIndex, Numbers, Segment
from caliber_crawler.archive.analysis.words.node import Node
from caliber_crawler.archive.analysis.words.results import Line, Rows
from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.errors import InputError
from caliber_crawler.tokenization import paragraphs_of, words_of

BATCH_SIZE = 200
"""Lines whose texts are in memory at a time."""
SORT_KEY = re.compile(r"([1-9])([LR])|node", re.IGNORECASE)
TEXTS = """
SELECT v.id, a.id AS article_id, a.language, v.headline, v.subtitle, v.body, a.published_at, a.section, a.site, a.url
FROM json_each(?) j JOIN versions v ON v.id = j.value JOIN articles a ON a.id = v.article_id"""


class _Text(TypedDict):
    id: int
    article_id: int
    language: str
    headline: str
    subtitle: str | None
    body: str
    published_at: str | None
    section: str | None
    site: str
    url: str


@dataclass(frozen=True, slots=True)
class _Found:
    """All occurrences: arrays of one length."""

    segments: list[Segment]
    of_segment: NDArray[np.int64]
    """The place of the occurrence's segment in the list."""
    texts: NDArray[np.int64]
    """The place of its text in the segment."""
    positions: NDArray[np.int64]
    published: NDArray[np.int64]
    keys: list[NDArray[np.uint32]]
    """For each sort key, the alphabetical rank of the word; 0 where the paragraph has none."""

    def versions_and_places(self, chosen: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """For each chosen occurrence, the ID of its version, and the number of words before it in the text."""
        versions, places = np.zeros(len(chosen), np.int64), np.zeros(len(chosen), np.int64)
        for number, segment in enumerate(self.segments):
            here = np.flatnonzero(self.of_segment[chosen] == number)
            if not len(here):
                continue
            words, starts, ids = (segment.array(name) for name in ("words", "starts", "versions"))
            for each in here.tolist():
                text, position = int(self.texts[chosen[each]]), int(self.positions[chosen[each]])
                versions[each] = ids[text]
                places[each] = np.count_nonzero(words[int(starts[text]) : position])
        return versions.tolist(), places.tolist()


def parse_sort(keys: Sequence[str]) -> tuple[int, ...]:
    """Offsets of sort keys: ``1L`` is the word before the node (-1), ``2R`` the second after it, ``node`` its first."""
    offsets = []
    for key in keys:
        match = SORT_KEY.fullmatch(key.strip())
        if match is None:
            raise InputError(f"{key!r} is not a sort key: write 1L, 2L, 3L, 1R, 2R, 3R or node, separated by commas.")
        offsets.append(0 if match[1] is None else int(match[1]) * (-1 if match[2] in "Ll" else 1))
    return tuple(offsets)


def concordance(
    connection: Connection,
    corpus: Corpus,
    node: Node,
    *,
    sort: Sequence[str] = (),
    width: int = 8,
    limit: int | None = 50,
    offset: int = 0,
) -> Rows[Line]:
    """The occurrences of a node, each with up to ``width`` words of its paragraph on both sides.

    They are sorted by the words at the offsets ``sort``, in the alphabetical order of Unicode; without ``sort``, and
    between equal ones, by date of publication, newest first.
    """
    found = find(corpus, node, parse_sort(sort))
    end = len(found.positions) if limit is None else offset + limit
    chosen = first_in_order(found, end)[offset:end]
    versions, places = found.versions_and_places(chosen)
    rows: list[Line] = []
    for batch in range(0, len(chosen), BATCH_SIZE):
        wanted = versions[batch : batch + BATCH_SIZE]
        texts = {text["id"]: text for text in connection.rows_of(_Text, TEXTS, (json.dumps(sorted(set(wanted))),))}
        rows += [
            line(texts.get(version), place, len(node.terms), width, corpus)
            for version, place in zip(wanted, places[batch : batch + BATCH_SIZE], strict=True)
        ]
    return Rows(
        kind=Line,
        rows=tuple(rows),
        total=len(found.positions),
        words=corpus.words,
        articles=corpus.articles,
        missing=corpus.missing,
        occurrences=len(found.positions),
    )


def find(corpus: Corpus, node: Node, offsets: tuple[int, ...]) -> _Found:
    """Every occurrence, with the ranks of the words at these offsets."""
    ranks = corpus.index.array(OF_ALL, "ranks")
    segments: list[Segment] = []
    of_segment, texts, positions, published = ([np.zeros(0, np.int64)] for _ in range(4))
    keys: list[list[NDArray[np.uint32]]] = [[np.zeros(0, np.uint32)] for _ in offsets]
    for found in node.occurrences(corpus):
        segment = found.part.segment
        of_segment.append(np.full(len(found.positions), len(segments), np.int64))
        segments.append(segment)
        texts.append(found.texts)
        positions.append(found.positions)
        published.append(segment.array("published")[found.texts])
        of_number = np.append(np.zeros(1, np.uint32), ranks[segment.array("types")])
        for key, each in zip(keys, offsets, strict=True):
            key.append(of_number[words_at(found.words, found.positions, len(node.terms), each)])
    return _Found(
        segments,
        np.concatenate(of_segment),
        np.concatenate(texts),
        np.concatenate(positions),
        np.concatenate(published),
        [np.concatenate(key) for key in keys],
    )


def first_in_order(found: _Found, count: int) -> NDArray[np.int64]:
    """The first occurrences in the order of the sort keys; equal ones newest first, then in the order of the text."""
    candidates = np.arange(len(found.positions))
    if count < len(candidates):
        # Only those up to the last one that is wanted are sorted.
        leading = -found.published
        if found.keys:
            leading = found.keys[0].astype(np.int64) << 32
            leading += found.keys[1] if len(found.keys) > 1 else 0
        last = np.partition(leading, max(count - 1, 0))[max(count - 1, 0)]
        candidates = np.flatnonzero(leading <= last)
    keys: list[Numbers] = [-found.published[candidates], *(key[candidates] for key in found.keys[::-1])]
    return candidates[np.lexsort(keys)]


def words_at(words: Numbers, positions: NDArray[np.int64], length: int, offset: int) -> Numbers:
    """The number of the word at an offset from each node, 0 where its paragraph has none there."""
    at = positions - 1 if offset < 0 else positions + (length if offset > 0 else 0)
    step = -1 if offset < 0 else 1
    alive = np.ones(len(positions), np.bool_)
    for _ in range(max(1, abs(offset)) - 1):
        alive &= words[np.clip(at, 0, len(words) - 1)] > 0
        at = at + step
    inside = alive & (at >= 0) & (at < len(words))
    return np.where(inside, words[np.clip(at, 0, len(words) - 1)], 0)


def line(text: _Text | None, place: int, length: int, width: int, corpus: Corpus) -> Line:
    """The line of an occurrence in a text, which is divided into words again. Raises ``DamagedIndex``."""
    for part in (text["headline"], text["subtitle"] or "", *paragraphs_of(text["body"])) if text else ():
        words = list(words_of(part))
        if place >= len(words):
            place -= len(words)
            continue
        if place + length > len(words):
            break
        assert text is not None
        start, end = words[place].start, words[place + length - 1].end
        first = words[max(0, place - width)].start if width else start
        last = words[min(len(words), place + length + width) - 1].end if width else end
        # Punctuation at the ends of a paragraph belongs to it.
        first = 0 if place <= width else first
        last = len(part) if place + length + width >= len(words) else last
        return Line(
            article_id=text["article_id"],
            language=text["language"],
            left=one_line(part[first:start]),
            node=one_line(part[start:end]),
            right=one_line(part[end:last]),
            headline=text["headline"],
            published_at=text["published_at"],
            section=text["section"],
            site=text["site"],
            url=text["url"],
        )
    raise DamagedIndex(f"{corpus.index.path} does not match the archive.")


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)
