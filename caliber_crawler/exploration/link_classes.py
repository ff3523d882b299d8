"""Classes of links: where on a page a link is."""

from __future__ import annotations

from enum import Enum


class LinkClass(Enum):
    """The place of a link. Its value is the discovery source that the frontier records."""

    FEED = "feed"
    SITEMAP = "sitemap"
    HEADLINE = "link_headline"
    """Inside a heading, outside sidebars and navigation."""
    TEXT = "link_text"
    """A long text outside navigation and prose."""
    IMAGE = "link_image"
    PROSE = "link_prose"
    """Inside a paragraph of text."""
    ADJACENT = "link_adjacent"
    """The previous or next article."""
    SIDEBAR = "link_sidebar"
    """Inside a heading of a sidebar."""
    NAVIGATION_LONG = "link_navigation_long"
    SHORT = "link_short"
    NEXT = "link_next"
    """The word "next" or "older" outside a pager."""
    PAGER = "link_pager"
    """``rel=next``, a link inside a pager, a button that loads more."""
    MORE = "link_more"
    """A request for further teasers that a data attribute or a script of a page contains: a guess."""
    NAVIGATION = "link_navigation"
    NUMBER = "link_number"
    """A bare number beside other numbers."""
    TAG = "link_tag"
    AUTHOR = "link_author"


PAGING = frozenset((LinkClass.NEXT, LinkClass.PAGER, LinkClass.NUMBER))
"""Classes of links to further pages of a list."""
FOLLOWING = frozenset((LinkClass.NEXT, LinkClass.PAGER, LinkClass.MORE))
"""Classes of links to the next page of a list."""
EVIDENT = frozenset((LinkClass.FEED, LinkClass.HEADLINE, LinkClass.TEXT))
"""Classes that say that the page behind a link is an article, unless most pages have the link."""
MENU = frozenset((LinkClass.NAVIGATION, LinkClass.SITEMAP))
"""Classes of links to static pages: a short text in navigation, and what lists every page."""
BY_SOURCE = {each.value: each for each in LinkClass}
