"""The name of the extractor of a site."""

from __future__ import annotations

import gc
from dataclasses import replace

from caliber_crawler.extraction.extractor import extractor_of
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider


def test_a_process_does_not_keep_every_site_that_it_has_named() -> None:
    names = {extractor_of(replace(CaliberSpider.site, title=f"Released {number}")) for number in range(300)}
    assert len(names) == 300
    gc.collect()
    kept = [each for each in gc.get_objects() if isinstance(each, Site) and each.title.startswith("Released")]
    assert len(kept) <= 256
