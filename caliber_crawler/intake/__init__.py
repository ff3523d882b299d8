"""Ingest: pages that come from files, saved by hand or by other programs, stored in an archive."""

from caliber_crawler.intake.ahead import extract_ahead
from caliber_crawler.intake.intake import Intake, Item, Taken
from caliber_crawler.intake.recognition import Recogniser
from caliber_crawler.intake.url_list import urls_in

__all__ = ["Intake", "Item", "Recogniser", "Taken", "extract_ahead", "urls_in"]
