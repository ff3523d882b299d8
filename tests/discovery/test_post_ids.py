"""Post IDs as a discovery source."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caliber_crawler.errors import SiteError
from caliber_crawler.news_spider import NewsSpider
from caliber_crawler.site import PostIds
from tests.discovery.pages import SITE


class Paper(NewsSpider):
    name = "paper"
    site = replace(SITE, sources=(PostIds(paths={"en": "/en/post/{number}/"}, last=9),))


def test_an_edition_without_post_ids_is_an_error() -> None:
    with pytest.raises(SiteError, match="post IDs in en, not in ru"):
        Paper(ids="1-9", language="ru")
    assert Paper(ids="9-1", language="en,ru").scope.ids == (9, 1)
