"""Discovery sources, one module each: seed URLs, and the entries that their lists lead to.

A site definition lists its sources (:attr:`caliber_crawler.site.Site.sources`). Every URL in the frontier records the
source and the page that it was found on.
"""

from caliber_crawler.discovery.sources import Discovery, due_seeds, seeds

__all__ = ["Discovery", "due_seeds", "seeds"]
