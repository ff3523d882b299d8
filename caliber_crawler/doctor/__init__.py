"""Test a site definition against the live site, with a sample of pages that a trial crawl fetches."""

from caliber_crawler.doctor.examination import check_live_site
from caliber_crawler.doctor.judgement import Finding
from caliber_crawler.doctor.scroll_search import ScrollRequest, find_scroll_request

__all__ = ["Finding", "ScrollRequest", "check_live_site", "find_scroll_request"]
