"""The body of an article on a page of unknown layout: one library reads it, and two others may overrule it together.

trafilatura reads every page, fast; resiliparse, which costs a tenth of it, says whether something may be missing, and
then it reads again with care; where much is missing still, readability is asked, and taken where the two agree.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from lxml import etree
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction

from caliber_crawler.reading.general.furniture import without_furniture
from caliber_crawler.reading.general.pruning import prune
from caliber_crawler.reading.general.size import tame
from caliber_crawler.reading.text import clean_inline

# Where this share of the prose one reader sees is missing from another's, one of them is wrong.
LARGEST_MISSING_SHARE = 0.3
# Less than this, and reading with less care has missed nothing.
LARGEST_DOUBT = 0.1
# Two readers that share this much of their text have read the same article.
LEAST_AGREEMENT = 0.85
SHORTEST_BODY = 200
SHORTEST_PROSE = 80
WORDS_TO_MATCH = 4
BREAK = "\n"
_SEPARATORS = {"lb": BREAK, "cell": " | "}
SENTENCE_ENDS = tuple('.!?…。！？։»”"’')
_WORD = re.compile(r"\w+")
_BLOCKS = frozenset(("p", "head", "item", "quote", "row", "code", "fw", "ab"))
# That one of several readers found nothing is no news for the person at the terminal.
for _name in ("trafilatura", "readability"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Body(NamedTuple):
    paragraphs: tuple[str, ...]
    reader: str
    """Which library's reading was taken."""


def read_body(root: etree._Element, headline: str | None, url: str) -> Body | None:
    """The paragraphs of the article; ``None`` where no reader finds any. The tree is pruned in place.

    A page of monstrous size is left to the one reader whose time grows evenly with it.
    """
    prune(root, headline, url)
    careful = tame(root)
    source = etree.tostring(root, method="html", encoding="unicode")
    quick = _attempt(_read_with_resiliparse, source)
    name, paragraphs = _choose(source, quick) if careful else ("resiliparse", quick)
    if not paragraphs:
        # Better all the text of the page than none: nothing is lost in silence.
        name, paragraphs = "resiliparse", _attempt(partial(_read_with_resiliparse, whole=True), source)
    kept = without_furniture(paragraphs, headline)
    return Body(tuple(kept), name) if kept else None


def _choose(source: str, quick: Sequence[str]) -> tuple[str, Sequence[str]]:
    # Fast, it asks no other reader for advice, which costs as much again; here the quick reader advises.
    read = _attempt(partial(_read_with_trafilatura, fast=True), source)
    if _is_whole(read, quick, LARGEST_DOUBT):
        return "trafilatura", read
    read = _attempt(partial(_read_with_trafilatura, fast=False), source)
    if _is_whole(read, quick, LARGEST_MISSING_SHARE):
        return "trafilatura", read
    second = _attempt(_read_with_readability, source)
    agreed = likeness(shingles(second), shingles(quick)) >= LEAST_AGREEMENT
    if second and (agreed or not read):
        return "readability", second
    return ("trafilatura", read) if read else ("resiliparse", quick)


def _is_whole(read: Sequence[str], quick: Sequence[str], largest_missing_share: float) -> bool:
    return sum(map(len, read)) >= SHORTEST_BODY and missing_share(read, quick) < largest_missing_share


# ------------------------------------------------------------------------------------------------------------ readers


def _attempt(read: Callable[[str], list[str]], source: str) -> list[str]:
    try:
        return read(source)
    except Exception:  # noqa: BLE001  libraries raise anything on odd pages; a reader that fails only loses its voice
        return []


def _read_with_trafilatura(source: str, *, fast: bool) -> list[str]:
    # Nothing is remembered between pages: its deduplication is off unless asked for.
    document = bare_extraction(source, fast=fast, favor_precision=True, include_comments=False, include_tables=True)
    body = getattr(document, "body", None)
    return list(_blocks(body)) if body is not None else []


def _blocks(body: etree._Element) -> Iterator[str]:
    """The blocks of trafilatura's tree in order; a row of a table is one line, its cells apart.

    Two line breaks in a row end a paragraph.
    """
    parts: list[str] = []

    def finished() -> str:
        line = clean_inline("".join(parts)).strip("| ")
        parts.clear()
        return line

    for event, node in etree.iterwalk(body, events=("start", "end")):
        if node.tag in _BLOCKS and not _inside_row(node) and (line := finished()):
            yield line
        if event == "start":
            if node.tag == "lb" and parts and parts[-1] == BREAK and not _inside_row(node) and (line := finished()):
                yield line
            if node.tag in _SEPARATORS:
                parts.append(_SEPARATORS[node.tag])
            text = node.text
        else:
            text = node.tail if node is not body else None
        if text and not (parts and parts[-1] == BREAK and text.isspace()):
            parts.append(text)
    if line := finished():
        yield line


def _inside_row(node: etree._Element) -> bool:
    return node.tag != "row" and next(node.iterancestors("row"), None) is not None


def _read_with_readability(source: str) -> list[str]:
    return _read_with_resiliparse(Document(source).summary(html_partial=True), whole=True)


def _read_with_resiliparse(source: str, *, whole: bool = False) -> list[str]:
    text = extract_plain_text(
        source,
        main_content=not whole,
        alt_texts=False,
        links=False,
        form_fields=False,
        noscript=False,
        list_bullets=False,
    )
    return [line for part in re.split(r"\n\s*\n", text) if (line := clean_inline(part))]


# --------------------------------------------------------------------------------------------------------- agreement


def shingles(paragraphs: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """The runs of four words of a text."""
    words = _WORD.findall(" ".join(paragraphs).lower())
    return frozenset(zip(*(words[start:] for start in range(WORDS_TO_MATCH)), strict=False))


def likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """How much of two texts is the same, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def missing_share(read: Sequence[str], other: Sequence[str]) -> float:
    """How much of the prose in one reading is missing from another, 0 to 1."""
    prose = [line for line in other if len(line) >= SHORTEST_PROSE and line.endswith(SENTENCE_ENDS)]
    if sum(map(len, prose)) <= sum(map(len, read)) * 1.05:
        return 0.0
    wanted = shingles(prose)
    return len(wanted - shingles(read)) / len(wanted) if wanted else 0.0
