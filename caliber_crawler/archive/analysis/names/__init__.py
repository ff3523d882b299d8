"""People, places and organizations that texts mention, and who said what."""

from caliber_crawler.archive.analysis.names.names import NameCount, NameMention, Names, NameStatus, QuotationRow
from caliber_crawler.archive.analysis.names.network import Network

__all__ = ["NameCount", "NameMention", "NameStatus", "Names", "Network", "QuotationRow"]
