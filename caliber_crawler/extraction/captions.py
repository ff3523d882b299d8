"""Picture captions: not part of the text, but of the pictures."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from caliber_crawler.extraction.lines import CAPTION
from caliber_crawler.extraction.omissions import CAPTION as CAPTION_TEXT
from caliber_crawler.extraction.omissions import REMOVED, Omissions, mark
from caliber_crawler.extraction.tree import select, text_of

CAPTIONS = "figcaption, [class*=caption]"


def move_captions(article: etree._Element, css: str = CAPTIONS, omissions: Omissions | None = None) -> None:
    """Move every caption to its picture and remove its element; the text after it stays."""
    mark_captions(select(article, css), article, omissions)
    if omissions is not None:
        omissions.add_marked(article, REMOVED)
    etree.strip_elements(article, REMOVED, with_tail=False)


def mark_captions(
    captions: Iterable[etree._Element], article: etree._Element, omissions: Omissions | None = None
) -> list[etree._Element]:
    """Move captions of an article to their pictures, and mark their elements for removal; return those."""
    marked = []
    for caption in captions:
        framed = next(caption.iter("img"), None) is not None
        if caption is article or (framed and caption.tag != "figcaption"):
            continue  # the container of a picture and its caption
        holder = next(caption.iterancestors("figure"), caption.getparent())
        pictures = holder.iter("img") if holder is not None else iter(())
        picture = next((picture for picture in pictures if picture.get(CAPTION) is None), None)
        if picture is not None and (text := text_of(caption)):
            picture.set(CAPTION, text)
        mark(caption, CAPTION_TEXT, omissions)
        marked.append(caption)
    return marked
