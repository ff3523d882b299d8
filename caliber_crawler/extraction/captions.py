"""Picture captions: not part of the text, but of the pictures."""

from __future__ import annotations

from lxml import etree

from caliber_crawler.extraction.lines import CAPTION
from caliber_crawler.extraction.omissions import CAPTION as CAPTION_TEXT
from caliber_crawler.extraction.omissions import REMOVED, Omissions, mark
from caliber_crawler.extraction.tree import select, text_of

CAPTIONS = "figcaption, [class*=caption]"


def move_captions(article: etree._Element, css: str = CAPTIONS, omissions: Omissions | None = None) -> None:
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
        mark(caption, CAPTION_TEXT, omissions)
    if omissions is not None:
        omissions.add_marked(article, REMOVED)
    etree.strip_elements(article, REMOVED, with_tail=False)
