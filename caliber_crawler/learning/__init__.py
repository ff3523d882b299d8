"""Learning a site's layout from its stored pages. Pure: parsed pages and what is known of them in, rules out.

    samples ── page_index ── alignment ── candidates ── choice ──> rules with their evidence ──> LearnedLayout

The teacher is what the generic extraction found on the pages, or what the archive knows of their articles. A rule is
chosen on one half of the pages and verified on the other.
"""

from caliber_crawler.learning.layout import Learned, Sample, learn_layout

__all__ = ["Learned", "Sample", "learn_layout"]
