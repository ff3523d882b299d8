"""The body of an article on a page of unknown layout, agreed on by three libraries.

trafilatura extracts the main element of every page in its fast mode. resiliparse, at a tenth of the cost, shows whether
text may be missing. If so, trafilatura extracts the whole page, then runs again in its careful mode. If much is still
missing, readability runs too; its result is used if it agrees with resiliparse.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import NamedTuple

from lxml import etree
from readability import Document
from resiliparse.extract.html2text import extract_plain_text
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from caliber_crawler.extraction.generic.main_element import source_of_main
from caliber_crawler.extraction.generic.pruning import has_other_texts, is_text, prune
from caliber_crawler.extraction.generic.size import tame
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tree import text_of

# If this share of the prose found by one library is missing from another's result, one of them is wrong.
MAX_MISSING_SHARE = 0.3
# Below this share, the fast mode is assumed to have missed nothing.
MAX_DOUBT = 0.1
# Two results that share this much of their text are the same article.
MIN_AGREEMENT = 0.85
# A result that has at most this share of the prose of another, of which it is a part, is one of several containers.
MAX_PART = 0.7
MIN_COVERED = 0.7
MIN_PROSE_SHARE = 0.6
MIN_BODY_LENGTH = 200
MIN_PROSE_LENGTH = 80
WORDS_TO_MATCH = 4
BREAK = "\n"
_SEPARATORS = {"lb": BREAK, "cell": " | "}
SENTENCE_ENDS = tuple('.!?…。！？։»”"’')
_WORD = re.compile(r"\w+")
_BLOCKS = frozenset(("p", "head", "item", "quote", "row", "code", "fw", "ab"))
# One library finding nothing is normal and not worth a log line.
for _name in ("trafilatura", "readability"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


class Body(NamedTuple):
    paragraphs: tuple[str, ...]
    reader: str
    """The library whose result was used."""


def extract_body(root: etree._Element, headline: str | None, url: str) -> Body | None:
    """Return the paragraphs of the article; ``None`` if no library finds any. Prunes the tree in place.

    Only resiliparse extracts oversized pages: its time grows linearly.
    """
    prune(root, headline, url)
    careful = tame(root)
    source, main = _sources_of(root)
    quick = _attempt(_extract_with_resiliparse, source)
    name, paragraphs = _choose(source, main, quick, others=has_other_texts(root)) if careful else ("resiliparse", quick)
    if not paragraphs:
        # Prefer all text of the page to none, so that nothing is lost silently.
        name, paragraphs = "resiliparse", _attempt(partial(_extract_with_resiliparse, whole=True), source)
    headings = {text_of(heading): str(heading.tag) for heading in root.iter("h2", "h3", "h4", "h5", "h6")}
    kept = drop_boilerplate(paragraphs, headline, headings)
    return Body(tuple(kept), name) if kept else None


def _sources_of(root: etree._Element) -> tuple[str, str | None]:
    """The pruned page and its main element as HTML. Links of paragraphs and lists that are text become plain words.

    Pruning has removed those that only point elsewhere; the libraries would drop the rest.
    """
    links = [a for block in root.iter("p", "ul", "ol") if is_text(block) for a in block.iter("a")]
    for link in links:
        link.tag = "ins"
    # No reader reads the head.
    head = root.find("head")
    if head is not None:
        root.remove(head)
    source, main = etree.tostring(root, method="html", encoding="unicode"), source_of_main(root)
    if head is not None:
        root.insert(0, head)
    for link in links:
        link.tag = "a"
    return source, main


def _choose(source: str, main: str | None, quick: Sequence[str], *, others: bool) -> tuple[str, Sequence[str]]:
    read = _attempt(partial(_extract_with_trafilatura, fast=True), main) if main else []
    if _is_whole(read, quick, MAX_DOUBT):
        return "trafilatura", read
    # In fast mode trafilatura does not consult other libraries, which would double the cost; resiliparse does it here.
    read = _attempt(partial(_extract_with_trafilatura, fast=True), source)
    if _is_whole(read, quick, MAX_DOUBT):
        return "trafilatura", read
    read = _attempt(partial(_extract_with_trafilatura, fast=False), source)
    if _is_whole(read, quick, MAX_MISSING_SHARE):
        return "trafilatura", read
    second = _attempt(_extract_with_readability, source)
    agreed = likeness(shingles(second), shingles(quick)) >= MIN_AGREEMENT
    if second and (agreed or not read):
        return "readability", second
    return ("trafilatura", read) if read and (others or not _is_part_of(read, quick)) else ("resiliparse", quick)


def _is_part_of(read: Sequence[str], quick: Sequence[str]) -> bool:
    """Return whether a result is a small part of another that is almost all prose: one of several containers."""
    prose = _prose_of(quick)
    long = sum(map(len, prose))
    if long < sum(map(len, quick)) * MIN_PROSE_SHARE or sum(map(len, read)) > long * MAX_PART:
        return False
    part = shingles(read)
    return not part or len(part & shingles(quick)) >= len(part) * MIN_COVERED


def _is_whole(read: Sequence[str], quick: Sequence[str], largest_missing_share: float) -> bool:
    return sum(map(len, read)) >= MIN_BODY_LENGTH and missing_share(read, quick) < largest_missing_share


# ------------------------------------------------------------------------------------------------------------ readers


def _attempt(read: Callable[[str], list[str]], source: str) -> list[str]:
    try:
        return read(source)
    except Exception:  # noqa: BLE001  libraries raise anything on odd pages; one failure only removes one result
        return []


def _extract_with_trafilatura(source: str, *, fast: bool) -> list[str]:
    document = bare_extraction(source, options=_options(fast=fast))
    body = getattr(document, "body", None)
    return list(_blocks(body)) if body is not None else []


@cache
def _options(*, fast: bool) -> Extractor:
    """The options of trafilatura. It keeps no state between pages: its deduplication is off by default.

    As "python" it would also serialize the text, which is not used.
    """
    return Extractor(output_format="txt", fast=fast, precision=True, comments=False, tables=True)


def _blocks(body: etree._Element) -> Iterator[str]:
    """The blocks of trafilatura's tree in order; a table row is one line with separated cells.

    Two consecutive line breaks end a paragraph.
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


def _extract_with_readability(source: str) -> list[str]:
    return _extract_with_resiliparse(Document(source).summary(html_partial=True), whole=True)


def _extract_with_resiliparse(source: str, *, whole: bool = False) -> list[str]:
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
    """The sequences of four words in a text."""
    words = _WORD.findall(" ".join(paragraphs).lower())
    return frozenset(zip(*(words[start:] for start in range(WORDS_TO_MATCH)), strict=False))


def likeness(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """The share of two texts that is the same, 0 to 1."""
    return 2 * len(one & other) / (len(one) + len(other)) if one and other else 0.0


def _prose_of(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if len(line) >= MIN_PROSE_LENGTH and line.endswith(SENTENCE_ENDS)]


def missing_share(read: Sequence[str], other: Sequence[str]) -> float:
    """The share of the prose in ``other`` that is missing from ``read``, 0 to 1."""
    prose = _prose_of(other)
    if sum(map(len, prose)) <= sum(map(len, read)) * 1.05:
        return 0.0
    wanted = shingles(prose)
    return len(wanted - shingles(read)) / len(wanted) if wanted else 0.0
