"""Links to other articles in the text of an article."""

from __future__ import annotations

from caliber_crawler.archive import Entry
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.items import Extraction, Teaser
from caliber_crawler.lists.entries import absolute_url, article_at, first_page
from caliber_crawler.site import ArticleURL, Links, Site


def linked_articles(extraction: Extraction, site: Site) -> list[Teaser]:
    """The other articles of the site that the text of an article links to."""
    article = extraction.article
    own = {article_url.url for url in article.urls if (article_url := _article_url(url, site))}
    teasers: dict[str, Teaser] = {}
    for link in article.links:
        article_url = _article_url(link.url, site)
        if article_url is not None and article_url.url not in own:
            request_url = extraction.request_urls.get(link.url)
            teasers.setdefault(article_url.url, Teaser(url=article_url.url, request_url=request_url))
    return list(teasers.values())


def _article_url(text: str, site: Site) -> ArticleURL | None:
    try:
        article_url = article_at(absolute_url(text, site.base_url + "/"), site)
    except ValueError:
        return None
    return first_page(article_url, site) if article_url is not None else None


def follow_links(links: Links, extraction: Extraction, entry: Entry, discoveries: Discoveries, site: Site) -> None:
    """Commit the articles that an article links to, unless it is itself too many links away from a list.

    The section of a linked article is unknown until it is extracted; it is not inherited from the linking article.
    """
    depth = entry.page_number + 1 if entry.discovered_via == links.name else 2
    if depth <= links.depth + 1:
        discoveries.add(linked_articles(extraction, site), links.name, found_on=entry.url, depth=depth)
