"""The account of a page's text: what is not in the body, under a named reason.

Extraction removes elements, blocks and lines at several steps. Each step names its reason where it removes. Only
``caliber extract --explain`` keeps the account: without an :class:`Omissions`, a step costs nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from caliber_crawler.extraction.text import clean_inline

REMOVED = "removed"
"""The tag of an element that the next :func:`strip_marked` takes out."""
UNSEEN = frozenset(("script", "style", "template", "noscript", "textarea", "iframe", "object", "head", "title"))
"""Elements whose content is not text of the page."""
UNSEEN_CONTENT = "unseen"

ADVERTISEMENT = "advertisement"
ASIDE = "navigation or another part beside the article, by its tag or class"
AUTHOR_BOX = "about the author"
CAPTION = "caption or credit of a picture"
COMMENT = "comments of readers"
CONTROL = "control: button, label or field"
DUPLICATE = "repeats an earlier paragraph"
EMBED = "words of an embedded post or player, replaced by a line with its URL"
HEADLINE = "headline"
HIDDEN = "hidden, or a bare URL"
INVITATION = "invitation to subscribe, follow, share or comment"
LEAD = "byline, date or label before the first sentence"
LINKS = "list of links, or a link on its own"
NOT_PARAGRAPH = "not in a paragraph, beside paragraphs"
NOTICE = "pointer to another page, credit or label, by its words"
OUTSIDE = "outside the container of the article"
READER = "left out by the reading that was used"
REPEATED = "repeated on other pages of the site"
SIDEBAR = "sidebar"
TEASER = "teaser of another page"
VIEW_COUNTER = "view counter"
BOILERPLATE = "boilerplate, by its class"


class Omissions:
    """Collects the text of one page that is not in its body."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        """Reason → the texts, in the order of their removal."""
        self._reasons: dict[etree._Element, str] = {}

    def add(self, reason: str, text: str) -> None:
        """Record a text that is left out."""
        if text := clean_inline(text):
            self.texts.setdefault(reason, []).append(text)

    def add_element(self, reason: str, element: etree._Element) -> None:
        """Record the visible text of an element that is about to be emptied."""
        self.add(reason, self._visible_text(element))

    def note(self, element: etree._Element, reason: str) -> None:
        """Note why an element will be removed."""
        self._reasons[element] = reason

    def add_marked(self, root: etree._Element, tag: str) -> None:
        """Record the text of the elements with this tag, which are about to be removed; nested ones once."""
        depth = 0
        for event, element in etree.iterwalk(root, events=("start", "end"), tag=tag):
            if event == "end":
                depth -= 1
                continue
            if depth == 0:
                reason = self._reasons.get(element, BOILERPLATE)
                if reason != UNSEEN_CONTENT:
                    self.add_element(reason, element)
            depth += 1

    def _visible_text(self, element: etree._Element) -> str:
        parts: list[str] = []
        unseen = 0
        for event, node in etree.iterwalk(element, events=("start", "end")):
            hides = node is not element and (node.tag in UNSEEN or self._reasons.get(node) == UNSEEN_CONTENT)
            if event == "start":
                unseen += hides
                text = node.text
            else:
                unseen -= hides
                text = node.tail if node is not element else None
            if text and not unseen:
                parts.append(text)
            if node.tag != REMOVED and node.tag not in _JOINED:
                parts.append(" ")
        return "".join(parts)


_JOINED = frozenset(("a", "abbr", "b", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "u"))


def mark(element: etree._Element, reason: str, omissions: Omissions | None) -> None:
    """Mark an element for removal."""
    if omissions is not None:
        omissions.note(element, UNSEEN_CONTENT if element.tag in UNSEEN else reason)
    element.tag = REMOVED


def letters(text: str) -> int:
    """The number of letters and digits in a text."""
    return sum(map(str.isalnum, text))


def letters_by_reason(texts: Mapping[str, list[str]]) -> dict[str, int]:
    """The number of letters left out under each reason, most first."""
    counts = {reason: sum(map(letters, left_out)) for reason, left_out in texts.items()}
    return dict(sorted(counts.items(), key=lambda count: -count[1]))
