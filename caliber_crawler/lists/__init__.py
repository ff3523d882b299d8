"""Lists from the web: listing pages, feeds, sitemaps and indexes, and the articles and further lists that they name.

Bytes in, :class:`~caliber_crawler.items.Listing` out. Lists are written by third parties: an invalid entry costs only
itself, and is counted.
"""

from caliber_crawler.lists.pages import parse_list_page

__all__ = ["parse_list_page"]
