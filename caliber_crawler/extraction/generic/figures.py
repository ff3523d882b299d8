"""Embedded posts and videos, figures, pictures and late parts of a page, brought into a form that the readers keep."""

from __future__ import annotations

import re
from itertools import islice
from typing import cast
from urllib.parse import urljoin

from lxml import etree

from caliber_crawler.extraction.embeds import (
    AUDIO,
    MAX_GALLERIES,
    PLAYERS,
    POSTS,
    SOURCES,
    is_called_gallery,
    is_hidden,
    is_known_embed,
    may_be_known_embed,
    page_url_of,
    place_of_post,
    player_url,
    replace_by_line,
    replace_gallery,
    stated_url,
    vk_posts_of,
)
from caliber_crawler.extraction.generic.elements import MIN_PROSE_LENGTH, text_length
from caliber_crawler.extraction.lines import is_picture
from caliber_crawler.extraction.omissions import CONTROL, EMBED, Omissions
from caliber_crawler.extraction.text import clean_inline, fold
from caliber_crawler.extraction.tree import text_of

_EMBEDDED = re.compile(r"\b(?:twitter|instagram|tiktok|telegram|bluesky|reddit|threads|mastodon)-")
_LATE = re.compile(r"S:\w+$")
_PERMALINKS = ("cite", "data-instgrm-permalink", "data-text-post-permalink", "data-telegram-post", "data-embed-url")
# URLs of single posts, not of profiles: /status/1, /p/abc, /reel/abc, /video/1, /post/abc.
_POST_LINK = re.compile(
    r"https?://(?:[\w-]+\.)*(?:twitter|x|instagram|tiktok|bsky|threads|reddit|t)\.(?:com|app|net|me)/"
    r"(?:[^/?#]+/)*?(?:status|statuses|p|reel|video|post|comments|s)/\w+",
    re.IGNORECASE,
)
_BOXES_WITH_URL = etree.XPath("descendant::*[@data-href]")
_BOXES_WITH_STATEMENT = etree.XPath("descendant::*[@data-attrs]")
_SOUNDS = ("audio", "amp-audio")
_TITLE_OF_SOUND = re.compile(r"(?:^|[\s_-])(?:title|caption|headline|name)", re.IGNORECASE)
_QUOTATION_MARKS = " \"'“”„«»‘’"
_SCRIPT_SOURCES = frozenset((*SOURCES, PLAYERS["script"][0]))
MAX_DATE_WORDS = 6
MAX_PIECES = 1000
MAX_WORDS_OF_FIGURE = 4
"""Texts of a figure that are examined for a URL."""
MAX_TITLE_OF_SOUND = 200
LEVELS_OF_PLAYER = 3
MAX_FIGURES = 100
"""Maximum of a page whose content is examined: each search covers the whole text."""


def place_late_parts(root: etree._Element) -> None:
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


def unembed(root: etree._Element, url: str, omissions: Omissions | None = None) -> None:
    """Replace an embedded post or video by one line with its kind and URL. Its words are not the article's."""
    for quote in list(root.iter("blockquote")):
        permalinks = (value for key in _PERMALINKS if (value := quote.get(key) or "").startswith("http"))
        permalink = next(permalinks, None) or _post_quoted(quote)
        if permalink or _EMBEDDED.search(quote.get("class") or ""):
            if omissions is not None:
                omissions.add_element(EMBED, quote)
            _become_paragraph(quote, "Post", (permalink or "").partition("?")[0] or None)
    for figure in root.iter("figure"):
        words = "".join(map(str, islice(figure.itertext(), MAX_WORDS_OF_FIGURE))).strip()
        if words.startswith("http") and is_known_embed(known := _page_url(words, url)):  # a player that was never made
            _become_paragraph(figure, "Video", known)
    _show_frames(root, url)
    on_platform = may_be_known_embed(url)
    for element in list(root.iter("iframe", "video", "script", *PLAYERS)):
        if element.tag == "script" and _SCRIPT_SOURCES.isdisjoint(element.keys()):
            for name, post in vk_posts_of(element).items():
                _become_paragraph(place_of_post(root, name, element), "Post", post)
            continue
        nodes = (element, *element.iter("source"))
        sources = [source for node in nodes for key in SOURCES if (source := node.get(key))]
        sources += [player for player in (player_url(element),) if player]
        if not on_platform:
            sources = list(filter(may_be_known_embed, sources))
        embed_url = next((known for source in sources if is_known_embed(known := _page_url(source, url))), None)
        if embed_url is not None:
            if omissions is not None and element.tag in PLAYERS and element.tag != "script":
                omissions.add_element(EMBED, element)
            _become_paragraph(element, "Video", embed_url)
    for box in cast(list[etree._Element], _BOXES_WITH_URL(root)):
        if not POSTS.keys().isdisjoint((box.get("class") or "").split()) and is_known_embed(box.get("data-href", "")):
            _become_paragraph(box, "Post", box.get("data-href"))
    for box in cast(list[etree._Element], _BOXES_WITH_STATEMENT(root)):
        if stated := stated_url(box):
            if omissions is not None:
                omissions.add_element(EMBED, box)
            _become_paragraph(box, "Post", stated)
    for gallery in list(islice(filter(is_called_gallery, root.iter("div", "ul", "section")), MAX_GALLERIES)):
        if all(is_picture(link.get("href") or "") for link in gallery.iter("a")):  # otherwise it is a list of teasers
            buttons = text_of(gallery) if omissions is not None else ""
            if replace_gallery(gallery, lambda source: source) and omissions is not None:
                omissions.add(CONTROL, buttons)


def show_sounds(root: etree._Element, url: str, omissions: Omissions | None = None) -> None:
    """Replace each audio player by one line with its URL, and its title or caption by a paragraph.

    A player that is not seen, or plays nothing before a script loads it, stays.
    """
    for sound in list(root.iter(*_SOUNDS)):
        _show_sound(sound, url, omissions)


def _show_sound(sound: etree._Element, url: str, omissions: Omissions | None) -> None:
    nodes = (sound, *sound.iter("source"))
    sources = (urljoin(url, source.strip()) for node in nodes for key in SOURCES if (source := node.get(key)))
    own = url.partition("#")[0]
    found = next((found for found in sources if found.startswith("http") and found.partition("#")[0] != own), None)
    is_known = found is not None and is_known_embed(found)
    if found is None or not (is_known or sound.get("controls") is not None) or is_hidden(sound):
        return
    player = sound
    for around in islice(sound.iterancestors("div", "figure", "span", "section"), LEVELS_OF_PLAYER):
        others = around.iter("audio", "p", "table", "ul", "img", "h1")
        if any(other is not sound for other in others) or _is_above(around, MAX_TITLE_OF_SOUND):
            break
        player = around
    title = clean_inline(sound.get("title") or sound.get("aria-label") or _title_of_sound(player))
    if omissions is not None:
        omissions.add_element(EMBED, player)
    _become_paragraph(player, AUDIO, found)
    if title:
        below = etree.Element("p")
        below.text, below.tail, player.tail = title, player.tail, None
        player.addnext(below)


def _title_of_sound(player: etree._Element) -> str:
    named = (node for node in player.iter(etree.Element) if node.tag == "figcaption" or _is_title_of_sound(node))
    return next((text for node in named if (text := text_of(node))), "")


def _is_title_of_sound(element: etree._Element) -> bool:
    return _TITLE_OF_SOUND.search(element.get("class") or "") is not None


def _is_above(element: etree._Element, limit: int) -> bool:
    """Return whether the text of an element is longer than a limit, in bounded time."""
    length = 0
    for number, text in enumerate(element.itertext()):
        length += len(text)
        if length > limit or number > MAX_PIECES:
            return True
    return False


def _show_frames(root: etree._Element, url: str) -> None:
    """Turn the players that are only in ``noscript`` into visible ones."""
    for hidden in list(root.iter("noscript")):
        frames = list(hidden.iter("iframe"))
        before = hidden.getprevious()
        if len(frames) == 1 and (before is None or before.tag != "iframe"):
            source = frames[0].get("src") or ""
            if may_be_known_embed(source) and is_known_embed(_page_url(source, url)):
                hidden.tag = "div"


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
    if _EMBEDDED.search(quote.get("class") or ""):
        return next((url for a in reversed(links) if (url := a.get("href"))), None)
    if not links or len(text_of(links[-1]).split()) > MAX_DATE_WORDS:
        return None
    return links[-1].get("href") if text_of(quote).endswith(text_of(links[-1])) else None


def open_figures(root: etree._Element) -> None:
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


def show_pictures(root: etree._Element) -> None:
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
