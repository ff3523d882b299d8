"""Ingest: store pages from files in an archive, whether a person or another program saved them."""

from caliber_crawler.ingest.ingester import Ingested, Ingester, Item
from caliber_crawler.ingest.parallel import extract_ahead
from caliber_crawler.ingest.site_resolver import SiteResolver
from caliber_crawler.ingest.url_list import parse_url_list

__all__ = ["Ingested", "Ingester", "Item", "SiteResolver", "extract_ahead", "parse_url_list"]
