"""Links to other articles in the text of an article."""

from __future__ import annotations

from caliber_crawler.archive import Entry
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.items import Article, Teaser
from caliber_crawler.site import Links, Site


def linked_articles(article: Article, site: Site) -> list[Teaser]:
    """The other articles of the site that the text of an article links to."""
    own = {article_url.url for url in article.urls if (article_url := site.article_url(url))}
    linked = (site.article_url(link.url) for link in article.links)
    urls = dict.fromkeys(article_url.url for article_url in linked if article_url is not None)
    return [Teaser(url=url) for url in urls if url not in own]


def follow_links(links: Links, article: Article, entry: Entry, discoveries: Discoveries, site: Site) -> None:
    """Commit the articles that an article links to, unless it is itself too many links away from a list.

    The section of a linked article is unknown until it is extracted; it is not inherited from the linking article.
    """
    depth = entry.page_number + 1 if entry.discovered_via == links.name else 2
    if depth <= links.depth + 1:
        discoveries.add(linked_articles(article, site), links.name, found_on=entry.url, depth=depth)
