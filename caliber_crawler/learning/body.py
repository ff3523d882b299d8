"""The element that contains an article's text, and what inside it is not text."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from caliber_crawler.extraction.lines import BETWEEN_CELLS
from caliber_crawler.learning.candidates import Frequencies, Selector, matches, selectors_of
from caliber_crawler.learning.choice import Bounds, Choice, Verdict, are_found, evidence_of
from caliber_crawler.learning.fields import IndexedSample
from caliber_crawler.learning.page_index import Block, PageIndex, text_key

MIN_BLOCK = 8
"""Letters of a block of text that counts."""
MIN_DROPPED = 3
"""Letters of a block of text that shows what to drop."""
REPEATED_PAGES, REPEATED_SHARE = 3, 0.2
"""A line on so many pages, and this share of them, is the site's."""
BODY_BOUNDS = Bounds(agree=3, share=0.8)
AGREEING = 0.6
"""Share of common text at which a container agrees with the known text."""
EQUAL_SCORE = 0.01
MIN_HOLDING = 0.5
"""Share of the known text that a candidate contains."""
MAX_DROPPED_BLOCKS = 20_000
MAX_EXACT = 8
"""Containers that are compared by what is left of them after dropping."""
KEPT_SHARE, KEPT_PAGES_SHARE = 0.05, 0.1


class Text(NamedTuple):
    """The blocks of a page, and which of them are part of the known text."""

    blocks: list[Block]
    kept: list[bool]
    total: int
    """Letters of the kept blocks."""


class Measure(NamedTuple):
    """How a container fits on one page; the overlap is ``None`` without one such element, or without a known text."""

    overlap: float | None
    size: int
    """Characters in the container, with those of repeated lines."""
    is_found: bool


Dropped = tuple[str, int, int]
"""A selector, the pages that confirm it, and those that have it."""


def learn_body(
    samples: Sequence[IndexedSample], *, is_exact: bool = False
) -> tuple[Choice[Selector] | None, list[Dropped]]:
    """The container of the text, and the elements to drop with the pages that confirm it.

    ``is_exact``: the known texts are right, so that a container counts by what is left of it after dropping.
    """
    lines = repeated_lines([sample.page for sample in samples])
    texts = [text_of(sample, lines) for sample in samples]
    if not are_found(bool(text.total) for text, sample in zip(texts, samples, strict=True) if sample.body):
        return None, []
    frequencies = Frequencies([sample.page for sample in samples])
    candidates: dict[Selector, None] = {}
    for sample, text in zip(samples, texts, strict=True):
        for place in _holders(sample.page, text):
            candidates |= dict.fromkeys(selectors_of(sample.page, place, frequencies))
    measures = {
        selector: [_measure(sample.page, selector, text) for sample, text in zip(samples, texts, strict=True)]
        for selector in candidates
    }
    if (chosen := _choose(measures)) is None:
        return None, []
    whole = [text_of(sample, min_length=MIN_DROPPED) for sample in samples]
    dropped = list(_dropped(samples, whole, chosen.rule))
    if not is_exact:
        return chosen, dropped
    best = _fit(samples, whole, chosen.rule, dropped)
    size = sum(measure.size for measure in measures[chosen.rule])
    larger = [selector for selector in measures if sum(measure.size for measure in measures[selector]) > size]
    for selector in sorted(larger, key=lambda selector: (sum(m.size for m in measures[selector]), selector.rank))[
        :MAX_EXACT
    ]:
        of_selector = list(_dropped(samples, whole, selector))
        if (fit := _fit(samples, whole, selector, of_selector)) > best + EQUAL_SCORE:
            best, dropped = fit, of_selector
            evidence = evidence_of([_verdict(measure) for measure in measures[selector]])
            chosen = Choice(selector, evidence)
    return chosen, dropped


def _fit(
    samples: Sequence[IndexedSample], texts: Sequence[Text], selector: Selector, dropped: Sequence[Dropped]
) -> float:
    """The mean share of common text of the known texts and what a container has after dropping."""
    names = {name for name, _, _ in dropped}
    shares = []
    for sample, text in zip(samples, texts, strict=True):
        if not text.total:
            continue
        page, size, common = sample.page, 0, 0
        places = matches(page, selector)
        start, end = (places[0], page.ends[places[0]]) if len(places) == 1 else (0, 0)
        for block, is_kept in zip(text.blocks, text.kept, strict=True):
            if start <= block.element < end and not any(
                names.intersection(page.tokens[place]) for place in _below(page, block.element, start)
            ):
                size += len(block.key)
                common += len(block.key) * is_kept
        shares.append(2 * common / (size + text.total))
    return sum(shares) / len(shares) if shares else 0.0


def _below(page: PageIndex, element: int, container: int) -> Iterator[int]:
    """An element and its ancestors inside a container."""
    return (place for place in (element, *page.ancestors(element)) if place > container)


def repeated_lines(pages: Sequence[PageIndex]) -> dict[str, int]:
    """The lines that many pages of the site have, as keys, with the number of pages."""
    counts = Counter(key for page in pages for key in {block.key for block in page.blocks})
    least = max(REPEATED_PAGES, REPEATED_SHARE * len(pages))
    return {key: count for key, count in counts.items() if count >= least}


def text_of(sample: IndexedSample, repeated: Collection[str] = (), min_length: int = MIN_BLOCK) -> Text:
    """The blocks of a page of some length, without repeated ones, and which of them stand in the known text."""
    body, lines = text_key(sample.body), _line_keys(sample.body)
    blocks = [block for block in sample.page.blocks if len(block.key) >= min_length and block.key not in repeated]
    # A short piece may stand in a longer line by chance.
    kept = [
        bool(body) and (block.key in lines or (len(block.key) >= MIN_BLOCK and block.key in body)) for block in blocks
    ]
    return Text(blocks, kept, sum(len(block.key) for block, is_kept in zip(blocks, kept, strict=True) if is_kept))


def _line_keys(body: str) -> set[str]:
    """The keys of the lines of a text, and of the cells of its tables."""
    lines = body.split("\n")
    return {text_key(part) for line in lines for part in (line, *line.split(BETWEEN_CELLS))}


def _holders(page: PageIndex, text: Text) -> Iterator[int]:
    """The elements that contain at least half of the known text."""
    if not text.total:
        return
    inside: Counter[int] = Counter()
    for block, is_kept in zip(text.blocks, text.kept, strict=True):
        if is_kept:
            inside[block.element] += len(block.key)
    held = [0] * (len(page.elements) + 1)
    for place in range(len(page.elements) - 1, -1, -1):
        held[place] += inside[place]
        if (parent := page.parents[place]) >= 0:
            held[parent] += held[place]
    for place, letters in enumerate(held[:-1]):
        if letters >= MIN_HOLDING * text.total:
            yield place


def _measure(page: PageIndex, selector: Selector, text: Text) -> Measure:
    found = matches(page, selector)
    outermost = [place for place in found if not any(other < place < page.ends[other] for other in found)]
    if len(outermost) != 1:
        return Measure(None, 0, False)
    start, end = outermost[0], page.ends[outermost[0]]
    size = common = 0
    for block, is_kept in zip(text.blocks, text.kept, strict=True):
        if start <= block.element < end:
            size += len(block.key)
            common += len(block.key) * is_kept
    overlap = 2 * common / (size + text.total) if text.total else None
    return Measure(overlap, page.text_length(start), True)


def _verdict(measure: Measure) -> Verdict:
    if not measure.is_found:
        return Verdict.SILENT
    if measure.overlap is None:
        return Verdict.SPEAKS
    return Verdict.AGREES if measure.overlap >= AGREEING else Verdict.DISAGREES


def _choose(measures: Mapping[Selector, Sequence[Measure]]) -> Choice[Selector] | None:
    def score(selector: Selector, pages: slice) -> float:
        of_pages = measures[selector][pages]
        known = [measure.overlap for measure in of_pages if measure.overlap is not None]
        coverage = sum(measure.is_found for measure in of_pages) / max(1, len(of_pages))
        return (sum(known) / len(known) if known else 0.0) + 0.3 * coverage

    def best(pages: slice) -> Selector:
        scores = {selector: score(selector, pages) for selector in measures}
        highest = max(scores.values())
        good = [selector for selector in measures if scores[selector] >= highest - EQUAL_SCORE]
        sizes = {selector: sum(measure.size for measure in measures[selector][pages]) for selector in good}
        return min(good, key=lambda selector: (sizes[selector], selector.rank))

    if not measures:
        return None
    even, odd = slice(0, None, 2), slice(1, None, 2)
    verified = [
        _verdict(measure)
        for learned, others in ((even, odd), (odd, even))
        for measure in measures[best(learned)][others]
    ]
    evidence = evidence_of(verified)
    return Choice(best(slice(None)), evidence) if evidence.is_enough(BODY_BOUNDS) else None


def _dropped(
    samples: Sequence[IndexedSample], texts: Sequence[Text], container: Selector
) -> Iterator[tuple[str, int, int]]:
    """The classes and IDs inside the container of which the known texts have next to nothing."""
    inside, kept = defaultdict[str, int](int), defaultdict[str, int](int)
    pages, kept_pages = Counter[str](), Counter[str]()
    covered = defaultdict[str, set[tuple[int, int]]](set)
    for number, (sample, text) in enumerate(zip(samples, texts, strict=True)):
        page, found = sample.page, matches(sample.page, container)
        if not found or not text.total:
            continue
        here, kept_here = Counter[str](), Counter[str]()
        start, end = found[0], page.ends[found[0]]
        for place_of_block, (block, is_kept) in enumerate(zip(text.blocks, text.kept, strict=True)):
            if not start <= block.element < end:
                continue
            names = {
                token
                for place in _below(page, block.element, start)
                for token in page.tokens[place]
                if token[0] in "#."
            }
            for name in names:
                here[name] += len(block.key)
                kept_here[name] += len(block.key) * is_kept
                covered[name].add((number, place_of_block))
        for name, letters in here.items():
            inside[name] += letters
            kept[name] += kept_here[name]
            pages[name] += 1
            kept_pages[name] += kept_here[name] > 0
    chosen = [
        name
        for name in inside
        if pages[name] >= REPEATED_PAGES
        and kept[name] <= KEPT_SHARE * inside[name]
        and kept_pages[name] <= KEPT_PAGES_SHARE * pages[name]
    ]
    done: set[tuple[int, int]] = set()
    for name in sorted(chosen, key=lambda name: (-inside[name], len(name), name)):
        if len(covered[name] - done) >= REPEATED_PAGES and len(done) < MAX_DROPPED_BLOCKS:
            done |= covered[name]
            yield name, pages[name] - kept_pages[name], pages[name]
