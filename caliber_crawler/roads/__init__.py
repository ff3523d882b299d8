"""Every road to a page, a module each: where it begins, how its pages are read, what they lead to.

A site's file switches roads on (:attr:`caliber_crawler.site.Site.roads`); every address in the frontier says by which
road and on which page it was found.
"""

from caliber_crawler.roads.map import Roads, due_seeds, read_list, seeds

__all__ = ["Roads", "due_seeds", "read_list", "seeds"]
