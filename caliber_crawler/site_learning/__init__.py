"""Learning from the pages of an archive: which pages, when, in which process, and what of it is stored."""

from caliber_crawler.site_learning.facts import layout_facts, learned_layout, learned_layouts
from caliber_crawler.site_learning.learner import learn_site
from caliber_crawler.site_learning.teaching import Lesson, learn_pages

__all__ = ["Lesson", "layout_facts", "learn_pages", "learn_site", "learned_layout", "learned_layouts"]
