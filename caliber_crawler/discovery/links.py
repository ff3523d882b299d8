"""Links to other articles in the text of an article."""

from __future__ import annotations

from caliber_crawler.archive import Entry
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.discovery.list_entries import absolute_url, article_at, first_page
from caliber_crawler.items import Article, Teaser
from caliber_crawler.site import Links, Site


def linked_articles(article: Article, site: Site) -> list[Teaser]:
    """The other articles of the site that the text of an article links to."""
    own = {url for text in article.urls if (url := _article_url(text, site))}
    urls = dict.fromkeys(_article_url(link.url, site) for link in article.links)
    return [Teaser(url=url) for url in urls if url and url not in own]


def _article_url(text: str, site: Site) -> str | None:
    try:
        article_url = article_at(absolute_url(text, site.base_url + "/"), site)
    except ValueError:
        return None
    return first_page(article_url, site).url if article_url is not None else None


def follow_links(links: Links, article: Article, entry: Entry, discoveries: Discoveries, site: Site) -> None:
    """Commit the articles that an article links to, unless it is itself too many links away from a list.

    The section of a linked article is unknown until it is extracted; it is not inherited from the linking article.
    """
    depth = entry.page_number + 1 if entry.discovered_via == links.name else 2
    if depth <= links.depth + 1:
        discoveries.add(linked_articles(article, site), links.name, found_on=entry.url, depth=depth)
