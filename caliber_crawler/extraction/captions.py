"""Picture captions: not part of the text, but of the pictures."""

from __future__ import annotations

from lxml import etree

from caliber_crawler.extraction.lines import CAPTION
from caliber_crawler.extraction.tree import select, text_of

CAPTIONS = "figcaption, [class*=caption]"


MOVED = "moved"


def move_captions(article: etree._Element, css: str = CAPTIONS) -> None:
    """Move every caption to its picture and remove its element; the text after it stays."""
    for caption in select(article, css):
        framed = next(caption.iter("img"), None) is not None
        if caption is article or (framed and caption.tag != "figcaption"):
            continue  # the container of a picture and its caption
        holder = next(caption.iterancestors("figure"), caption.getparent())
        pictures = holder.iter("img") if holder is not None else iter(())
        picture = next((picture for picture in pictures if picture.get(CAPTION) is None), None)
        if picture is not None and (text := text_of(caption)):
            picture.set(CAPTION, text)
        caption.tag = MOVED
    etree.strip_elements(article, MOVED, with_tail=False)
