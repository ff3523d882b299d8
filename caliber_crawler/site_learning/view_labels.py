"""The labels of a site's view counters, from the counts that its articles showed."""

from __future__ import annotations

import re
from collections import Counter

from caliber_crawler.archive import Archive

MAX_LABELS = 2
_NUMBER = re.compile(r"[\d\s.,:\u00a0]+")


def view_labels(archive: Archive, site: str) -> Counter[str]:
    """The texts around the newest view counts of a site, with the number of counts that each stands beside."""
    counts: Counter[str] = Counter()
    for shown in archive.sites.shown_views(site):
        if label := _NUMBER.sub(" ", shown).strip():
            counts[label] += 1
    return Counter(dict(counts.most_common(MAX_LABELS)))
