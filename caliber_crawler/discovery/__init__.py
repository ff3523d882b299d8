"""Discovery sources, one module each: seed URLs, the parsers of their pages, and the entries that these lead to.

A site definition lists its sources (:attr:`caliber_crawler.site.Site.sources`). Every URL in the frontier records the
source and the page that it was found on.
"""

from caliber_crawler.discovery.sitemaps import is_tried_path
from caliber_crawler.discovery.sources import Discovery, due_seeds, parse_list_page, seeds

__all__ = ["Discovery", "due_seeds", "is_tried_path", "parse_list_page", "seeds"]
