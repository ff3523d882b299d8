"""A site must be able to reach the operator of a crawl."""

from __future__ import annotations

import pytest
from scrapy.crawler import Crawler

from caliber_crawler.errors import SiteError
from caliber_crawler.fetching.contact import require_contact
from caliber_crawler.known_sites import project_settings
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site


@pytest.mark.parametrize(
    "contact", ["you@example.org", "https://example.org/bot", "example.org/bot", "@us@example.social", "имя@пример.рф"]
)
def test_an_email_address_or_web_page_is_a_contact(contact: str) -> None:
    require_contact(SITE, project_settings(CONTACT=contact))


@pytest.mark.parametrize("contact", ["", "   ", "me", "@", "you@example.org\r\nX-Evil: 1", "a.\x00b"])
def test_other_text_is_not_a_contact(contact: str) -> None:
    with pytest.raises(SiteError):
        require_contact(SITE, project_settings(CONTACT=contact))


def test_a_local_site_needs_no_contact() -> None:
    require_contact(SITE.served_at("http://127.0.0.1:8000"), project_settings(CONTACT=""))


def test_scrapys_own_command_needs_a_contact_too() -> None:
    with pytest.raises(SiteError, match="must be able to contact you"):
        CaliberSpider.from_crawler(Crawler(CaliberSpider, project_settings(CONTACT="")))
