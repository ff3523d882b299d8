"""Removal of boilerplate around and inside an article on any news site, recognised by its markup.

Changes the tree of a page in place, before the body is extracted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice, pairwise

from lxml import etree

from caliber_crawler.extraction.captions import move_captions
from caliber_crawler.extraction.generic.elements import (
    MIN_PROSE_LENGTH,
    is_long,
    prose_length,
    remove_marked,
    text_length,
    writable,
)
from caliber_crawler.extraction.generic.figures import (
    open_figures,
    place_late_parts,
    show_pictures,
    show_sounds,
    unembed,
)
from caliber_crawler.extraction.generic.inline_elements import simplify_inline
from caliber_crawler.extraction.generic.layout_tables import dissolve_layout_tables
from caliber_crawler.extraction.generic.outline import short_text
from caliber_crawler.extraction.generic.paragraphs import (
    MIN_SENTENCE_LENGTH,
    SENTENCE_ENDS,
    clear_prose_attributes,
    enclose_loose_text,
    mark_paragraphs,
)
from caliber_crawler.extraction.lines import LISTS, inner_text
from caliber_crawler.extraction.omissions import (
    ADVERTISEMENT,
    ASIDE,
    AUTHOR_BOX,
    BOILERPLATE,
    CAPTION,
    COMMENT,
    CONTROL,
    HEADLINE,
    HIDDEN,
    INVITATION,
    SIDEBAR,
    TEASER,
    Omissions,
    mark,
)
from caliber_crawler.extraction.phrases import is_pointer
from caliber_crawler.extraction.text import clean_inline, fold, is_as_long, words_in
from caliber_crawler.extraction.tree import text_of

# Elements that no visitor reads as text, on any page.
NON_CONTENT = (
    *("script", "style", "noscript", "template", "svg", "iframe", "button", "select", "textarea", "object"),
    *("canvas", "dialog", "figcaption", "video", "audio", "input", "label", "map", "embed"),
)
# Of these, the elements whose paragraphs no visitor sees.
UNSEEN = frozenset(("script", "style", "template", "noscript", "textarea", "iframe", "object", "video", "audio"))
_NAVIGATION = ("nav", "menu", "footer")
# An element is boilerplate if its class or ID contains one of these as a separate word.
_WORDS = """
related relatedarticles relatedposts relatedcontent recommended recommendation recommendations recirc recirculation
outbrain taboola trending teaser teasers newsletter newsletters subscribe subscription signup promo promos promotion
promobox advert adverts advertisement advertorial ad ads sponsor sponsored share sharing social followus comments
disqus caption captions credit credits copyright breadcrumb breadcrumbs bio cookie cookies consent gdpr modal popup
tooltip toolbar pagination mostread mostpopular readmore readalso readnext seealso
"""
_PAIRS = """
also-like more-like more-on more-from more-stories more-news also-read read-more read-also read-next see-also
most-read most-popular most-viewed sign-up follow-us author-box author-info author-card author-description
author-profile about-author the-author sr-only visually-hidden screen-reader
"""
_REASON_WORDS = {
    ADVERTISEMENT: "advert adverts advertisement advertorial ad ads sponsor sponsored outbrain taboola promo promos",
    COMMENT: "comments disqus",
    CAPTION: "caption captions credit credits copyright",
    AUTHOR_BOX: "bio author",
    HIDDEN: "hidden sr screen tooltip",
    INVITATION: "newsletter newsletters subscribe subscription signup sign share sharing social followus follow",
    TEASER: "related relatedarticles relatedposts relatedcontent recommended recommendation recommendations recirc "
    "recirculation trending teaser teasers mostread mostpopular readmore readalso readnext seealso more also most next",
}
_REASONS = {reason: frozenset(words.split()) for reason, words in _REASON_WORDS.items()}
BOILERPLATE_WORDS = frozenset(_WORDS.split())
BOILERPLATE_PAIRS = frozenset(tuple(pair.split("-")) for pair in _PAIRS.split())
_FIRST_OF_PAIRS = frozenset(first for first, _ in BOILERPLATE_PAIRS)
_OTHERS_TO_BLANKS = {code: " " for code in range(128) if not chr(code).isalpha()}
"""For names in small letters, where this is faster than a pattern."""
_PART_OF_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_SIDEBAR = re.compile(
    r"(?:(?:left|right|main|primary|secondary|page|site|blog)[-_]?)?side-?(?:bar|col|column)"
    r"(?:[-_]?(?:left|right|primary|secondary|main|one|two|first|second|\d))?",
    re.IGNORECASE,
)
MAX_BOILERPLATE_SHARE = 0.3
MAX_NAMES_LENGTH = 1000
MAX_ID_WORDS = 3
MAX_HEADINGS, MAX_PARAGRAPHS, MAX_TITLE_LENGTH = 200, 200, 500
MIN_TEASER_WORDS = 4
_ENDS_OF_LINKED_SENTENCES = tuple(".!。！।։۔")
MAX_LABEL_WORDS = 5
_PARTING = frozenset(
    ("h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "ul", "ol", "section", "aside", "blockquote", "table", "figure")
)
MIN_ITEMS, MAX_ITEMS = 2, 100
"""Number of list items that are examined for sentences."""


def prune(root: etree._Element, headline: str | None, url: str, omissions: Omissions | None = None) -> None:
    """Remove the headline and everything that is not part of the article; text after a removed element stays.

    Relative URLs on the page are resolved against ``url``. ``omissions`` collects the removed text.
    """
    place_late_parts(root)
    _drop_navigation(root, omissions)
    _clear_anchors(root)
    _drop_sidebars(root, headline, omissions)
    show_sounds(root, url, omissions)
    move_captions(root, "figcaption", omissions)
    show_pictures(root)
    unembed(root, url, omissions)
    open_figures(root)
    simplify_inline(root, omissions)
    _drop_non_content(root, omissions)
    dissolve_layout_tables(root, url)
    _drop_headings(root, headline, omissions)
    _drop_named_boilerplate(root, omissions)
    _drop_teasers(root, omissions)
    enclose_loose_text(root)
    mark_paragraphs(root)
    clear_prose_attributes(root)


def _drop_navigation(root: etree._Element, omissions: Omissions | None) -> None:
    """Remove menus and footers without prose around the article: no reading has them, and each step would examine them.

    Those in the article stay: a table of contents is removed with its label.
    """
    holders = _holders_of_headlines(root)
    found = [
        element
        for element in root.iter(*_NAVIGATION)
        if element not in holders
        and next(element.iterancestors("article", "main"), None) is None
        and not prose_length(element)
    ]
    _remove_all(root, found, ASIDE, omissions)


def _drop_sidebars(root: etree._Element, headline: str | None, omissions: Omissions | None) -> None:
    """Remove the columns beside the article: by name, outside the element of the headline, if the article has a text.

    A short article between long columns is not seen by the readers.
    """
    columns = {element for element in root.iter("div", "section", "td", "aside") if _is_sidebar(element)}
    title = fold(headline or "") if columns else ""
    headings = islice(root.iter("h1", "h2", "h3", "h4"), MAX_HEADINGS) if title else ()
    heading = next((node for node in headings if fold(short_text(node, MAX_TITLE_LENGTH) or "") == title), None)
    if heading is None:
        return
    article = next(heading.iterancestors("article", "main"), None)
    columns -= {heading, *heading.iterancestors(), *(article.iter() if article is not None else ())}
    first = islice(_following(heading, "p"), MAX_PARAGRAPHS)
    paragraphs = (node for node in first if not columns.intersection(node.iterancestors()))
    if any(
        is_as_long(text := text_of(node), MIN_SENTENCE_LENGTH) and text.endswith(SENTENCE_ENDS) for node in paragraphs
    ):
        _remove_all(root, [*columns], SIDEBAR, omissions)


def _following(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """The elements with a tag after an element, in order."""
    for around in (element, *element.iterancestors()):
        for sibling in around.itersiblings():
            yield from sibling.iter(tag)


def _is_sidebar(element: etree._Element) -> bool:
    names = f"{element.get('class', '')} {element.get('id', '')}"[:MAX_NAMES_LENGTH]
    return "side" in names.lower() and any(map(_SIDEBAR.fullmatch, names.split()))


def _drop_non_content(root: etree._Element, omissions: Omissions | None) -> None:
    """Remove the elements that no visitor reads; if one contains text by mistake, only the element itself.

    An unclosed element inside a button or a label takes the text after it along.
    """
    holders = _holders_of_headlines(root)
    removed = []
    for element in list(root.iter(*NON_CONTENT)):
        if element not in holders and (element.tag in UNSEEN or not prose_length(element)):
            removed.append(element)
        else:
            element.tag = "div"
            element.attrib.clear()
    _remove_all(root, removed, _reason_of_tag, omissions)


def _reason_of_tag(element: etree._Element) -> str:
    return CAPTION if element.tag == "figcaption" else CONTROL


def _remove_all(
    root: etree._Element,
    elements: Sequence[etree._Element],
    reason: str | Callable[[etree._Element], str],
    omissions: Omissions | None,
) -> None:
    """Remove elements for a reason, or for the reason that a function names for each."""
    for element in elements:
        why = BOILERPLATE if omissions is None else reason if isinstance(reason, str) else reason(element)
        if element.tag in _PARTING and (element.tail or "").strip():
            _leave_blank_line(element)
        mark(element, why, omissions)
    remove_marked(root, elements, omissions)


def _leave_blank_line(block: etree._Element) -> None:
    """Put two line breaks behind a block, so that the texts on both sides of it stay two paragraphs without it."""
    for tail in (writable(block.tail or ""), None):
        line_break = etree.Element("br")
        line_break.tail, block.tail = tail, None
        block.addnext(line_break)


def _drop_headings(root: etree._Element, headline: str | None, omissions: Omissions | None) -> None:
    """Remove the headline where it is a heading, alone or with a subtitle in the same element."""
    title = fold(headline or "")
    headings = root.iter("h1", "h2") if title else ()
    found = [heading for heading in headings if fold(text_of(heading)).startswith(title)]
    _remove_all(root, found, HEADLINE, omissions)


def _drop_named_boilerplate(root: etree._Element, omissions: Omissions | None) -> None:
    body = root.find("body")
    body = root if body is None else body
    whole, prose = text_length(body), prose_length(body)
    holders = _holders_of_headlines(body)
    removed = []
    for element in _named(body):
        if element.getparent() is None or element in holders:
            continue
        if _lists_sentences(element):
            for name in ("class", "id"):
                element.attrib.pop(name, "")
            continue
        if text_length(element) > whole * MAX_BOILERPLATE_SHARE:
            continue
        if prose_length(element) <= prose * MAX_BOILERPLATE_SHARE:
            removed.append(element)
    _remove_all(root, removed, _reason_of, omissions)


def _lists_sentences(element: etree._Element) -> bool:
    """Whether an element is a list of sentences without links: text, since boilerplate in lists leads somewhere."""
    items = list(islice(element.iter("li"), MAX_ITEMS + 1)) if element.tag != "li" else []
    if not MIN_ITEMS <= len(items) <= MAX_ITEMS or next(element.iter("a", "img"), None) is not None:
        return False
    texts = list(map(text_of, items))
    return all(is_as_long(text, MIN_PROSE_LENGTH) and text.endswith(SENTENCE_ENDS) for text in texts)


def _holders_of_headlines(root: etree._Element) -> set[etree._Element]:
    """The elements that are or contain a headline, an article or the main part of the page."""
    holders: set[etree._Element] = set()
    for element in root.iter("h1", "article", "main"):
        node: etree._Element | None = element
        while node is not None and node not in holders:
            holders.add(node)
            node = node.getparent()
    return holders


def _named(body: etree._Element) -> list[etree._Element]:
    found = []
    for element in body.iter("p", "div", "section", "ul", "ol", "li", "span", "aside", "h2", "h3", "h4"):
        classes, id = element.get("class"), element.get("id")
        if (classes or id) and _is_boilerplate_name(f"{classes or ''} {id or ''}"[:MAX_NAMES_LENGTH]):
            found.append(element)
    return found


def names_of(element: etree._Element) -> str:
    """The classes and the ID of an element."""
    return f"{element.get('class', '')} {element.get('id', '')}"[:MAX_NAMES_LENGTH]


def _clear_anchors(root: etree._Element) -> None:
    """Remove the IDs of many words: such an ID is the text of a heading, a target of links, and names nothing."""
    for element in root.iter("section", "div", "h2", "h3", "h4", "p", "ul", "ol"):
        id = element.get("id")
        if id and id.count("-") + id.count("_") >= MAX_ID_WORDS:
            del element.attrib["id"]


def _reason_of(element: etree._Element) -> str:
    """What boilerplate an element is, by the words of its class and ID."""
    parts = {part.lower() for part in _PART_OF_NAME.findall(names_of(element))}
    return next((reason for reason, words in _REASONS.items() if not words.isdisjoint(parts)), BOILERPLATE)


@lru_cache(maxsize=8192)
def _is_boilerplate_name(names: str) -> bool:
    if names.isascii() and names.islower():
        parts = names.translate(_OTHERS_TO_BLANKS).split()
    else:
        parts = [part.lower() for part in _PART_OF_NAME.findall(names)]
    return not BOILERPLATE_WORDS.isdisjoint(parts) or (
        not _FIRST_OF_PAIRS.isdisjoint(parts) and not BOILERPLATE_PAIRS.isdisjoint(pairwise(parts))
    )


def _drop_teasers(root: etree._Element, omissions: Omissions | None) -> None:
    """Remove lines and lists that only link to other pages: "Read also: …", "ALSO READ | …", linked headlines."""
    _remove_all(root, list(filter(_is_teaser, root.iter("p"))), TEASER, omissions)
    before: dict[etree._Element | None, etree._Element | None] = {}
    removed: list[etree._Element] = []
    for block in list(root.iter("ul", "ol")):
        items = [child for child in block if child.tag == "li"]
        if len(items) >= 2 and sum(map(_is_teaser, items)) >= 0.8 * len(items):
            if is_text(block):
                continue
            previous = block.getprevious()
            label = before.get(previous, previous)
            removed.append(block)
            if label is not None and label not in before and _is_label(label):
                removed.append(label)
                previous = label.getprevious()
                label = before.get(previous, previous)
            before[block] = label  # the element that will be before the text after this list
    _remove_all(root, removed, TEASER, omissions)


def _is_teaser(block: etree._Element) -> bool:
    """Return whether a block is only a link to another page, apart from a short label before it."""
    links = [a for a in block.iter("a") if a.get("href")]
    if not links or len(links) > 2:
        return False
    linked = clean_inline(" ".join(map(inner_text, links)))
    words = words_in(linked)
    if words < MIN_TEASER_WORDS:  # most links in a sentence
        return False
    whole = clean_inline(inner_text(block))
    return (
        not whole.endswith(_ENDS_OF_LINKED_SENTENCES)
        and words_in(whole) - words <= MAX_LABEL_WORDS
        and len(linked) >= 0.6 * len(whole)
    )


def is_text(block: etree._Element) -> bool:
    """Return whether a paragraph or a list is text of the article although most of it is links."""
    if block.tag in LISTS:
        return _is_introduction(block.getprevious()) and _is_prose(block.getnext())
    linked = sum(len(text_of(a)) for a in block.iter("a"))
    if not linked:
        return False
    text = text_of(block)
    sentence = is_as_long(text, MIN_PROSE_LENGTH) and text.endswith(SENTENCE_ENDS)
    return sentence and linked > len(text) / 2 and any(map(_is_prose, (block.getprevious(), block.getnext())))


def _is_prose(element: etree._Element | None) -> bool:
    return element is not None and element.tag == "p" and is_long(element)


def _is_introduction(element: etree._Element | None) -> bool:
    """Return whether a paragraph announces a list that belongs to the text: "The ministry published three papers:"."""
    if element is None or element.tag != "p":
        return False
    text = text_of(element)
    return text.endswith((":", "：")) and len(text.split()) > MAX_LABEL_WORDS and not is_pointer(text)


def _is_label(element: etree._Element) -> bool:
    """Return whether an element only announces what follows."""
    text = text_of(element)
    return 0 < len(text) < 100 and (
        text.endswith((":", "...", "…")) or text.isupper() or element.tag in ("h2", "h3", "h4", "h5")
    )
