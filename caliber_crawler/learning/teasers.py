"""The teasers of a site's lists: the element around each link to an article, and the link to the next page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import NamedTuple
from urllib.parse import urldefrag, urljoin

from caliber_crawler.learning.page_index import PageIndex

MIN_TEASERS = 3
LEVELS = 6
MIN_SHARE = 0.6


class TeaserRule(NamedTuple):
    """A selector of teasers, with its evidence: lists on which it finds at least three articles."""

    teaser: str
    headline: str
    lists: int
    of_lists: int
    next: str = ""
    """The selector of the link to the next page, if lists have one."""


def learn_teasers(lists: Sequence[tuple[str, PageIndex]], articles: Collection[str]) -> TeaserRule | None:
    """The teaser of a site, from pages with their URL and the URLs of known articles (without ``www.`` and slash)."""
    found: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    pages = 0
    headline: Counter[str] = Counter()
    for url, page in lists:
        links = _article_links(url, page, articles)
        if len(set(links.values())) < MIN_TEASERS:
            continue
        pages += 1
        here: dict[str, set[str]] = {}
        for place, target in links.items():
            for holder in _holders(page, place, target, links):
                for token in page.tokens[holder]:
                    if token[0] == "." or token in ("article", "li"):
                        here.setdefault(token, set()).add(target)
            for holder in (place, *list(page.ancestors(place))[:2]):
                tag = page.tokens[holder][0]
                if tag in ("h1", "h2", "h3", "h4"):
                    headline[tag] += 1
        for token, targets in here.items():
            if len(targets) >= MIN_TEASERS:
                found[token] += 1
                covered[token] += len(targets)
    good = [token for token in found if found[token] >= MIN_SHARE * pages]
    if not good:
        return None
    best = max(good, key=lambda token: (covered[token], token[0] == ".", -len(token), token))
    top = headline.most_common(1)
    return TeaserRule(best, top[0][0] if top else "", found[best], pages, _next_of([page for _, page in lists]))


def key_of(url: str) -> str:
    """A URL as it is compared with links of lists."""
    return urldefrag(url)[0].partition("://")[2].removeprefix("www.").rstrip("/")


def _article_links(url: str, page: PageIndex, articles: Collection[str]) -> dict[int, str]:
    found = {}
    for place in page.postings.get("a", ()):
        href = page.elements[place].get("href")
        if href:
            try:
                target = key_of(urljoin(url, href.strip()))
            except ValueError:
                continue
            if target in articles:
                found[place] = target
    return found


def _holders(page: PageIndex, place: int, target: str, links: dict[int, str]) -> list[int]:
    """The elements around a link that contain no link to another article."""
    holders = []
    for level, holder in enumerate(page.ancestors(place)):
        inside = {other for link, other in links.items() if holder <= link < page.ends[holder]}
        if level >= LEVELS or inside != {target}:
            break
        holders.append(holder)
    return holders


def _next_of(pages: Sequence[PageIndex]) -> str:
    for token, css in (('[rel~="next"]', 'a[rel~="next"]'), (".next", "a.next")):
        if any(page.tokens[place][0] == "a" for page in pages for place in page.postings.get(token, ())):
            return css
    return ""
