"""The body of an article on a page of unknown layout, from three readings of the page.

trafilatura extracts the main element of every page in its fast mode, and the whole page if text seems to be missing.
resiliparse is independent of it and costs a tenth. Where the two agree is the article's container, which is then read
whole (``container.py``). How much each reading has of the others decides which one is used.
"""

from __future__ import annotations

import logging
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache, partial
from itertools import chain, islice
from typing import NamedTuple, cast

from lxml import etree
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text

from caliber_crawler.extraction.generic.boilerplate import drop_boilerplate
from caliber_crawler.extraction.generic.container import BREAK, Account, Blocks, Lookup, read_container
from caliber_crawler.extraction.generic.main_element import source_of_main
from caliber_crawler.extraction.generic.pruning import is_text, prune
from caliber_crawler.extraction.generic.size import drop_rare_attributes, tame
from caliber_crawler.extraction.omissions import READER, Omissions
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tree import text_of

MIN_PART = 0.95
"""A reading is part of another that has this share of its text."""
MIN_CONFIRMED = 0.97
"""Share of the container's text that an independent reading must have to confirm it."""
MAX_INSIDE = 0.92
"""A reading with at most this share of its text in the container has parts of the page beside the article."""
MIN_SAME = 0.6
"""Share of the container's text in a reading that is the same article, with gaps."""
MIN_WHOLE = 0.75
"""A reading with this share of the container's text is not doubted."""
MIN_AGREEMENT = 0.9
"""A reading with this share of the text of an independent one is not doubted."""
MIN_COVERED = 0.8
MAX_FRAGMENT = 0.35
"""A reading is a fragment if it has at most this share of the length of another, with which it shares nothing."""
MIN_SHINGLES = 20
MIN_BODY_LENGTH, MIN_SHARED = 200, 0.4
"""Characters of a main element's text, and its share of an independent reading, that show that it is the article's.

Where it is not, trafilatura finds next to nothing of the article in it.
"""
MAX_LINES_AHEAD = 8
"""Lines of a reading that are compared with a block for the account of what is left out."""
LONG_SOURCE = 250_000
"""Characters of a page whose attributes are counted."""
WORDS_TO_MATCH = 4
MAX_USUAL_LENGTH = 2_000
_SEPARATORS = {"lb": BREAK, "cell": " | "}
_WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]|[^\W\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]+")
"""A word; a character of a script that is written without spaces."""
_NO_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that trafilatura removes from a page."""
_HEAD_TAGS = frozenset(("base", "link", "meta", "noscript", "script", "style", "template", "title"))
_BLOCKS = frozenset(("p", "head", "item", "quote", "row", "code", "fw", "ab"))
# One library finding nothing is normal and not worth a log line.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)


class Body(NamedTuple):
    paragraphs: tuple[str, ...]
    reader: str
    """The reading that was used: ``trafilatura``, ``resiliparse`` or ``container``."""
    disagreement: str | None = None
    """What the readings disagree on, as a clause; ``None`` if they have the same text, or one has some gaps."""
    readings: tuple[tuple[str, Sequence[str]], ...] = ()
    """Every reading, by its name."""


def extract_body(
    root: etree._Element,
    headline: str | None,
    url: str,
    authors: Sequence[str] = (),
    omissions: Omissions | None = None,
) -> Body | None:
    """Return the paragraphs of the article; ``None`` if no text is found. Prunes the tree in place.

    Only resiliparse extracts oversized pages: its time grows linearly. ``omissions`` collects the text that is on the
    page and not in the body.
    """
    prune(root, headline, url, omissions)
    is_tame = tame(root)
    source, main = _sources_of(root)
    if len(source) > LONG_SOURCE and drop_rare_attributes(root):
        source, main = _sources_of(root)
    quick = _attempt(_extract_with_resiliparse, source)
    account: Account | None = None if omissions is None else []
    if is_tame:
        fast = _read_fast(source, main, quick)
        whole = read_container(root, (fast, quick), account)
        choice = _choose(fast, quick, whole)
        choice = choice._replace(readings=(("trafilatura", fast), ("resiliparse", quick), ("container", whole)))
    else:
        choice = Body(tuple(quick), "resiliparse", readings=(("resiliparse", quick),))
    if not choice.paragraphs:
        # Prefer all text of the page to none, so that nothing is lost silently.
        choice = Body(tuple(_attempt(partial(_extract_with_resiliparse, whole=True), source)), "resiliparse")
    if omissions is not None:
        _account_for(root, choice.paragraphs, account, omissions)
    headings = {text_of(heading): str(heading.tag) for heading in root.iter("h2", "h3", "h4", "h5", "h6")}
    kept = drop_boilerplate(choice.paragraphs, headline, headings, authors, omissions)
    return choice._replace(paragraphs=tuple(kept)) if kept else None


def _account_for(
    root: etree._Element, paragraphs: Sequence[str], account: Account | None, omissions: Omissions
) -> None:
    """Record the blocks of the pruned page that the reading which is used does not have."""
    blocks = account or [(block.text, None) for block in Blocks(root).blocks]
    texts = {text for text, _ in blocks}
    lines = Counter(line for line in paragraphs if line in texts)
    # A library may join or divide blocks; both are in the order of the page.
    others = deque(line for line in paragraphs if line not in texts)
    for text, reason in blocks:
        if lines[text]:
            lines[text] -= 1
            continue
        rest = text
        for line in list(islice(others, MAX_LINES_AHEAD)):
            if line in rest:
                rest = rest.replace(line, " ", 1)
                others.remove(line)
            elif rest in line:
                others[others.index(line)] = line.replace(rest, " ", 1)
                rest = ""
                break
        omissions.add(reason or READER, rest)


def _sources_of(root: etree._Element) -> tuple[str, str | None]:
    """The pruned page and its main element as HTML. Links of paragraphs and lists that are text become plain words.

    Pruning has removed those that only point elsewhere; the libraries would drop the rest.
    """
    links = [a for block in root.iter("p", "ul", "ol") if is_text(block) for a in block.iter("a")]
    for link in links:
        link.tag = "ins"
    # No reader reads the head. The parser begins the body only at elements that it knows: text may stand in the head.
    head = root.find("head")
    if head is not None and any(child.tag not in _HEAD_TAGS for child in head.iterchildren("*")):
        head = None
    if head is not None:
        root.remove(head)
    source, main = etree.tostring(root, method="html", encoding="unicode"), source_of_main(root)
    if head is not None:
        root.insert(0, head)
    for link in links:
        link.tag = "a"
    return source, main


def _read_fast(source: str, main: str | None, quick: Sequence[str]) -> list[str]:
    """Return the reading of the main element, or of the whole page where an independent reading has more text."""
    if main is not None:
        read = _attempt(_extract_with_trafilatura, main)
        if sum(map(len, read)) >= MIN_BODY_LENGTH and _share(shingles(quick), shingles(read)) >= MIN_SHARED:
            return read
    return _attempt(_extract_with_trafilatura, source)


def _choose(fast: Sequence[str], quick: Sequence[str], whole: Sequence[str]) -> Body:
    """Return the reading that the others confirm: trafilatura's, resiliparse's, or the whole container.

    trafilatura is the most precise, and loses most where it errs: sub-headings, lists, whole sections.
    """
    if not fast:
        # Without prose that two readings agree on, the container may be that of the only sentence: the footer's.
        is_confirmed = whole and (not quick or _share(shingles(whole), shingles(quick)) >= MIN_COVERED)
        return Body(tuple(whole), "container") if is_confirmed else Body(tuple(quick), "resiliparse")
    if not whole:
        return Body(tuple(fast), "trafilatura")
    read, other, container = shingles(fast), shingles(quick), shingles(whole)
    in_container, in_read = _share(read, container), _share(container, read)
    if in_container >= MIN_PART and in_read >= MIN_SAME and _share(container, other) >= MIN_CONFIRMED:
        return Body(tuple(_between(whole, fast)), "container")
    if in_read >= MIN_WHOLE and in_container <= MAX_INSIDE and _share(container, other) >= MIN_PART:
        # Two readings agree on the container; what trafilatura has beside it is of another part of the page.
        return Body(tuple(_between(whole, fast)), "container")
    if in_read >= MIN_WHOLE:
        return Body(tuple(fast), "trafilatura")
    missing = f"one reading has {in_read:.0%} of the text of another"
    if len(other) > MIN_SHINGLES and _share(other, read) >= MIN_AGREEMENT:
        return Body(tuple(fast), "trafilatura", missing)
    is_fragment = len(read) < MAX_FRAGMENT * len(container) and _share(container, other) >= MIN_COVERED
    if in_container >= MIN_COVERED or is_fragment:
        return Body(tuple(whole), "container", missing)
    return Body(tuple(fast), "trafilatura", missing)


def _between(whole: Sequence[str], read: Sequence[str]) -> Sequence[str]:
    """The blocks of a container from the first to the last that a reading has."""
    lookup = Lookup(read)
    known = [number for number, block in enumerate(whole) if block in lookup]
    return whole[known[0] : known[-1] + 1] if known else whole


# ------------------------------------------------------------------------------------------------------------ readers


def _attempt(read: Callable[[str], list[str]], source: str) -> list[str]:
    try:
        return read(source)
    except Exception:  # noqa: BLE001  libraries raise anything on odd pages; one failure only removes one result
        return []


def _extract_with_trafilatura(source: str) -> list[str]:
    tree = _parse_for_trafilatura(source)
    # Imported here: trafilatura takes longer to load than all other libraries together, and pages of known and trusted
    # layouts do not need it.
    from caliber_crawler.extraction.generic.fast_trafilatura import read_main_content

    body = read_main_content(tree) if tree is not None else None
    return list(_blocks(body)) if body is not None else []


def _parse_for_trafilatura(source: str) -> HtmlElement | None:
    """Parse a page as trafilatura does, in less time: its parser asks a Python function for the class of each element.

    A page with another root element, which trafilatura examines, is parsed by trafilatura.
    """
    if source.startswith("<html"):
        tree = cast(HtmlElement, etree.fromstring(_NO_CHARACTER.sub("", source), _parser()))
        if len(tree):
            return tree
    from trafilatura.utils import load_html  # slow to load

    return load_html(source)


@cache
def _parser() -> etree.HTMLParser:
    parser = etree.HTMLParser(collect_ids=False, encoding="utf-8", remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(etree.ElementDefaultClassLookup(element=HtmlElement))
    return parser


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


def shingles(paragraphs: Sequence[str]) -> frozenset[int]:
    """The sequences of four words in a text, each as its hash: numbers are compared fastest."""
    return _shingles(tuple(paragraphs))


@lru_cache(maxsize=4)
def _shingles(paragraphs: tuple[str, ...]) -> frozenset[int]:
    # Each reading of a page is compared several times.
    words = list(chain.from_iterable(map(_words_of, paragraphs)))
    return frozenset(map(hash, zip(*(words[start:] for start in range(WORDS_TO_MATCH)), strict=False)))


def _words_of(paragraph: str) -> Sequence[str]:
    return _words_of_usual(paragraph) if len(paragraph) <= MAX_USUAL_LENGTH else _WORD.findall(paragraph.lower())


@lru_cache(maxsize=256)
def _words_of_usual(paragraph: str) -> tuple[str, ...]:
    # The readings of a page have most paragraphs in common.
    return tuple(_WORD.findall(paragraph.lower()))


def _share(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of a text that another one has, 0 to 1."""
    return len(one & other) / len(one) if one else 1.0
