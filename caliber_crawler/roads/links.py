"""Links to other articles in the text of an article."""

from __future__ import annotations

from caliber_crawler.archive import Entry
from caliber_crawler.items import Article, Card
from caliber_crawler.roads.finds import Finds
from caliber_crawler.site import Links, Site


def linked_articles(article: Article, site: Site) -> list[Card]:
    """The articles of the same site that this one's text links to, itself left out."""
    own = {address.url for url in article.urls if (address := site.address(url))}
    linked = (site.address(link.url) for link in article.links)
    urls = dict.fromkeys(address.url for address in linked if address is not None)
    return [Card(url=url) for url in urls if url not in own]


def follow_links(links: Links, article: Article, entry: Entry, finds: Finds, site: Site) -> None:
    """Commit the articles that this one links to, unless it is itself too many links away from a list.

    The section of a linked article is unknown until it is read, whatever the section of the one that links to it.
    """
    depth = entry.batch + 1 if entry.road == links.name else 2
    if depth <= links.depth + 1:
        finds.add(linked_articles(article, site), links.name, found_on=entry.url, depth=depth)
