"""Every road to a page, a module each: where it begins, how its pages are read, what they lead to.

A site's file switches roads on (:attr:`caliber_crawler.site.Site.sources`); every address in the frontier says by which
road and on which page it was found.
"""

from caliber_crawler.discovery.sources import Discovery, due_seeds, parse_list_page, seeds

__all__ = ["Discovery", "due_seeds", "parse_list_page", "seeds"]
