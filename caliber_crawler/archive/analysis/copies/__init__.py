"""Near-duplicates and excerpts among the texts of an archive; see docs/guides/copies.md."""

from caliber_crawler.archive.analysis.copies.copies import Copies, CopyGroup, CopyMember, CopyStatus, Excerpt

__all__ = ["Copies", "CopyGroup", "CopyMember", "CopyStatus", "Excerpt"]
