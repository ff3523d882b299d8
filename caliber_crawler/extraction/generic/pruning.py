"""Removal of boilerplate around and inside an article on any news site, recognised by its markup.

Changes the tree of a page in place, before the body is extracted.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import islice, pairwise
from typing import cast
from urllib.parse import urljoin

from lxml import etree

from caliber_crawler.extraction.captions import move_captions
from caliber_crawler.extraction.embeds import (
    MAX_GALLERIES,
    PLAYERS,
    SOURCES,
    is_called_gallery,
    is_known_embed,
    may_be_known_embed,
    page_url_of,
    player_url,
    replace_by_line,
    replace_gallery,
)
from caliber_crawler.extraction.generic.boilerplate import is_pointer
from caliber_crawler.extraction.generic.inline_elements import INLINE, REMOVED, simplify_inline
from caliber_crawler.extraction.lines import LISTS, is_data_table, is_picture
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

# Elements that no visitor reads as text, on any page.
NON_CONTENT = (
    *("script", "style", "noscript", "template", "svg", "iframe", "button", "select", "textarea", "object"),
    *("canvas", "dialog", "figcaption", "video", "audio", "input", "label", "map", "embed"),
)
# Of these, the elements whose paragraphs no visitor sees.
UNSEEN = frozenset(("script", "style", "template", "noscript", "textarea", "iframe", "object", "video", "audio"))
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
BOILERPLATE_WORDS = frozenset(_WORDS.split())
BOILERPLATE_PAIRS = frozenset(tuple(pair.split("-")) for pair in _PAIRS.split())
_PART_OF_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_EMBEDDED = re.compile(r"\b(?:twitter|instagram|tiktok|telegram|bluesky|reddit|threads|mastodon)-")
_LATE = re.compile(r"S:\w+$")
_PERMALINKS = ("cite", "data-instgrm-permalink", "data-telegram-post", "data-bluesky-uri", "data-embed-url")
# URLs of single posts, not of profiles: /status/1, /p/abc, /reel/abc, /video/1, /post/abc.
_POST_LINK = re.compile(
    r"https?://(?:[\w-]+\.)*(?:twitter|x|instagram|tiktok|bsky|threads|t)\.(?:com|app|net|me)/"
    r"(?:[^/?#]+/)*?(?:status|statuses|p|reel|video|post|s)/\w+",
    re.IGNORECASE,
)
SENTENCE_ENDS = tuple(".!?…:;。！？։»”\"’')")
_QUOTATION_MARKS = " \"'“”„«»‘’"
_TABLE_PARTS = ("tbody", "thead", "tfoot", "tr", "td", "th")
_LENGTH = etree.XPath("string-length(normalize-space())")
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MAX_BOILERPLATE_SHARE = 0.3
MIN_PROSE_LENGTH = 60
MAX_NAMES_LENGTH = 1000
MIN_TEASER_WORDS = 4
MAX_LABEL_WORDS = 5
MAX_DATE_WORDS = 6
MAX_PIECES = 1000
MAX_FIGURES = 100
"""Maximum of a page whose content is examined: each search covers the whole text."""
MIN_SHARED_CLASS = 3
"""Number of long paragraphs with the same class name that shows that it is a name for text."""


def prune(root: etree._Element, headline: str | None, url: str) -> None:
    """Remove the headline and everything that is not part of the article; text after a removed element stays.

    Relative URLs on the page are resolved against ``url``.
    """
    _place_late_parts(root)
    move_captions(root, "figcaption")
    _show_pictures(root)
    _unembed(root, url)
    _open_figures(root)
    simplify_inline(root)
    _drop_non_content(root)
    _dissolve_layout_tables(root)
    _drop_headings(root, headline)
    _drop_named_boilerplate(root)
    _drop_teasers(root)
    _mark_paragraphs(root)
    _clear_prose_attributes(root)


def _place_late_parts(root: etree._Element) -> None:
    """Move the parts that a page sends at its end to their places, as its own script does.

    React writes them as ``<div hidden id="S:1">``, for the place ``<template id="B:1">``.
    """
    parts = [part for part in root.iter("div") if part.get("hidden") is not None and _LATE.match(part.get("id") or "")]
    places = {place.get("id"): place for place in root.iter("template")} if parts else {}
    for part in parts:
        del part.attrib["hidden"]
        place = places.get(f"B:{(part.get('id') or '')[2:]}")
        if place is not None and part not in place.iterancestors():
            tail, part.tail = part.tail, None
            if tail and not tail.isspace():
                part.addprevious(etree.Element("span"))
                cast(etree._Element, part.getprevious()).tail = tail
            place.addprevious(part)


def _drop_non_content(root: etree._Element) -> None:
    """Remove the elements that no visitor reads; if one contains text by mistake, only the element itself.

    An unclosed element inside a button or a label takes the text after it along.
    """
    holders = _holders_of_headlines(root)
    for element in list(root.iter(*NON_CONTENT)):
        if element not in holders and (element.tag in UNSEEN or not prose_length(element)):
            element.tag = REMOVED
        else:
            element.tag = "div"
            element.attrib.clear()
    _strip_removed(root)


def _mark_paragraphs(root: etree._Element) -> None:
    """Turn boxes of nothing but sentences into paragraphs, beside paragraphs or where there are no others.

    Page builders write no paragraphs, and the libraries drop such boxes.
    """
    boxes = [box for box in root.iter("div") if _is_box_of_sentences(box)]
    if not boxes:
        return
    prose = {element for element in root.iter("p") if text_length(element) >= MIN_PROSE_LENGTH}
    usual = sum(map(text_length, boxes)) > sum(map(text_length, prose))
    for box in boxes:
        if usual or box.getprevious() in prose or box.getnext() in prose:
            box.tag = "p"


def _is_box_of_sentences(box: etree._Element) -> bool:
    if not (len(box) or box.text) or any(inner.tag not in INLINE for inner in box.iterdescendants()):
        return False
    text = text_of(box)
    return len(text) >= MIN_PROSE_LENGTH and text.endswith(SENTENCE_ENDS)


def _clear_prose_attributes(root: etree._Element) -> None:
    """Remove what the libraries take as a sign of boilerplate from paragraphs: visitors do not see it.

    A class name that several long paragraphs share belongs to the text. A paragraph of a paywall is hidden, but text.
    """
    prose = [element for element in root.iter("p") if text_length(element) >= MIN_PROSE_LENGTH]
    classes = Counter(element.get("class") for element in prose)
    shown = {element for element in prose if element.get("aria-hidden") is None}
    for element in prose:
        if element.getprevious() in shown or element.getnext() in shown:
            element.attrib.pop("aria-hidden", "")
        if element.get("class") and classes[element.get("class")] >= MIN_SHARED_CLASS:
            element.attrib.pop("class")
            element.attrib.pop("id", "")


def _strip_removed(root: etree._Element) -> None:
    """Remove all elements of that name in one step; the text after each stays.

    One by one, each would copy the text that earlier ones left at the same place.
    """
    etree.strip_elements(root, REMOVED, with_tail=False)


def remove(element: etree._Element) -> None:
    """Remove an element from its tree; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail and not element.tail.isspace():
        before = element.getprevious()
        if before is not None:
            before.tail = _writable((before.tail or "") + element.tail)
        else:
            parent.text = _writable((parent.text or "") + element.tail)
    parent.remove(element)


def _writable(text: str) -> str:
    """A text without characters that HTML parsers accept and an XML tree rejects."""
    return _NO_CHARACTER.sub(" ", text)


def text_length(element: etree._Element) -> int:
    """The number of characters in an element, with runs of blanks counted as one."""
    return int(cast(float, _LENGTH(element)))


def prose_length(element: etree._Element) -> int:
    """The length of an element's paragraphs that are long enough to be sentences."""
    lengths = (text_length(paragraph) for paragraph in element.iter("p"))
    return sum(length for length in lengths if length >= MIN_PROSE_LENGTH)


def _dissolve_layout_tables(root: etree._Element) -> None:
    """Turn tables that only arrange a page into plain boxes."""
    for table in [table for table in root.iter("table") if not is_data_table(table)]:
        own = [table]
        for node in own:
            own += [child for child in node if child.tag in _TABLE_PARTS and node.tag != "td"]
        for node in own:
            node.tag = "div"


def _drop_headings(root: etree._Element, headline: str | None) -> None:
    """Remove the headline where it is a heading, alone or with a subtitle in the same element."""
    title = fold(headline or "")
    for heading in list(root.iter("h1", "h2")) if title else ():
        if fold(text_of(heading)).startswith(title):
            heading.tag = REMOVED
    _strip_removed(root)


def _unembed(root: etree._Element, url: str) -> None:
    """Replace an embedded post or video by one line with its kind and URL. Its words are not the article's."""
    for quote in list(root.iter("blockquote")):
        permalink = next((value for key in _PERMALINKS if (value := quote.get(key))), None) or _post_quoted(quote)
        if permalink or _EMBEDDED.search(quote.get("class") or ""):
            _become_paragraph(quote, "Post", (permalink or "").partition("?")[0] or None)
    on_platform = may_be_known_embed(url)
    for element in list(root.iter("iframe", "video", "script", *PLAYERS)):
        nodes = (element, *element.iter("source"))
        sources = [source for node in nodes for key in SOURCES if (source := node.get(key))]
        sources += [player for player in (player_url(element),) if player]
        if not on_platform:
            sources = list(filter(may_be_known_embed, sources))
        embed_url = next((known for source in sources if is_known_embed(known := _page_url(source, url))), None)
        if embed_url is not None:
            _become_paragraph(element, "Video", embed_url)
    for gallery in list(islice(filter(is_called_gallery, root.iter("div", "ul", "section")), MAX_GALLERIES)):
        if all(is_picture(link.get("href") or "") for link in gallery.iter("a")):  # otherwise it is a list of teasers
            replace_gallery(gallery, lambda source: source)


def _page_url(source: str, url: str) -> str:
    try:
        return page_url_of(urljoin(url, source.strip()))
    except ValueError:
        return ""


def _become_paragraph(element: etree._Element, name: str, url: str | None) -> None:
    """Turn an element into a paragraph: extraction libraries keep paragraphs, but not those that are only a link."""
    replace_by_line(element, name, url)
    element.tag = "p"
    for link in list(element):
        element.remove(link)
    # The names of its wrappers ("embed", "ratio") are taken for boilerplate; a figure is dropped with all it contains.
    length = text_length(element)
    for around in element.iterancestors("div", "figure", "section", "span", "p", "center"):
        if _is_longer(around, length):
            break
        around.tag = "div"
        around.attrib.clear()


def _is_longer(element: etree._Element, length: int) -> bool:
    """Return whether the text of an element is longer, in bounded time; one in very many pieces is."""
    found = 0
    for number, text in enumerate(element.itertext()):
        found += len("".join(str(text).split()))
        if found > length or number > MAX_PIECES:
            return True
    return text_length(element) > length


def _post_quoted(quote: etree._Element) -> str | None:
    """The URL of the post that a quotation repeats: its last link, if it ends the quotation as the date of a post."""
    links = [a for a in quote.iter("a") if _POST_LINK.match(a.get("href") or "")]
    if not links or len(text_of(links[-1]).split()) > MAX_DATE_WORDS:
        return None
    return links[-1].get("href") if text_of(quote).endswith(text_of(links[-1])) else None


def _open_figures(root: etree._Element) -> None:
    """Turn figures that contain a quotation, a table or an embed into plain boxes: the libraries drop all in a figure.

    A quotation that repeats a sentence of the text is an ornament and stays in its figure.
    """
    figures = [
        (figure, next(figure.iter("blockquote", "table", "pre", "ul", "ol"), None)) for figure in root.iter("figure")
    ]
    quoted = any(inside is not None and inside.tag == "blockquote" for _, inside in figures)
    whole = fold(text_of(root)) if quoted else ""
    for figure, inside in figures[:MAX_FIGURES]:
        if inside is None or (inside.tag == "blockquote" and whole.count(_words_of(inside)) > 1):
            continue
        figure.tag = "div"
        figure.attrib.clear()


def _words_of(quote: etree._Element) -> str:
    return fold(text_of(quote)).strip(_QUOTATION_MARKS)[:MIN_PROSE_LENGTH]


def _show_pictures(root: etree._Element) -> None:
    """Turn the pictures of accelerated pages, and those that stand only in ``noscript``, into ``img``."""
    for picture in root.iter("amp-img", "amp-anim"):
        picture.tag = "img"
    for hidden in list(root.iter("noscript")):
        pictures = list(hidden.iter("img"))
        before = hidden.getprevious()
        lazy = before is not None and before.tag == "img" and (before.get("src") or "data:").startswith("data:")
        if len(pictures) == 1 and before is not None and lazy and pictures[0].get("src"):
            for name in ("src", "alt"):
                if value := pictures[0].get(name):
                    before.set(name, value)


def _drop_named_boilerplate(root: etree._Element) -> None:
    body = root.find("body")
    body = root if body is None else body
    whole, prose = text_length(body), prose_length(body)
    holders = _holders_of_headlines(body)
    for element in _named(body):
        if element.getparent() is None or element in holders:
            continue
        if text_length(element) > whole * MAX_BOILERPLATE_SHARE:
            continue
        if prose_length(element) <= prose * MAX_BOILERPLATE_SHARE:
            element.tag = REMOVED
    _strip_removed(root)


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
        names = f"{element.get('class', '')} {element.get('id', '')}"
        if len(names) > 1 and _is_boilerplate_name(names[:MAX_NAMES_LENGTH]):
            found.append(element)
    return found


@lru_cache(maxsize=8192)
def _is_boilerplate_name(names: str) -> bool:
    parts = [part.lower() for part in _PART_OF_NAME.findall(names)]
    return not BOILERPLATE_WORDS.isdisjoint(parts) or not BOILERPLATE_PAIRS.isdisjoint(pairwise(parts))


def _drop_teasers(root: etree._Element) -> None:
    """Remove lines and lists that only link to other pages: "Read also: …", "ALSO READ | …", linked headlines."""
    for block in list(root.iter("p")):
        if _is_teaser(block):
            block.tag = REMOVED
    _strip_removed(root)
    for block in list(root.iter("ul", "ol")):
        items = [child for child in block if child.tag == "li"]
        if len(items) >= 2 and sum(map(_is_teaser, items)) >= 0.8 * len(items):
            label = block.getprevious()
            if is_text(block):
                continue
            remove(block)
            if label is not None and _is_label(label):
                remove(label)


def _is_teaser(block: etree._Element) -> bool:
    """Return whether a block is only a link to another page, apart from a short label before it."""
    links = [a for a in block.iter("a") if a.get("href")]
    if not links or len(links) > 2:
        return False
    linked = clean_inline(" ".join(map(text_of, links)))
    whole = text_of(block)
    words = len(linked.split())
    return (
        not whole.endswith((".", "!"))
        and words >= MIN_TEASER_WORDS
        and len(whole.split()) - words <= MAX_LABEL_WORDS
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
    sentence = len(text) >= MIN_PROSE_LENGTH and text.endswith(SENTENCE_ENDS)
    return sentence and linked > len(text) / 2 and any(map(_is_prose, (block.getprevious(), block.getnext())))


def _is_prose(element: etree._Element | None) -> bool:
    return element is not None and element.tag == "p" and text_length(element) >= MIN_PROSE_LENGTH


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
