"""The general reader: the last rung of the ladder, for pages of a layout that nobody has described.

It knows what is true of news pages anywhere, and lets well-kept libraries check each other. It costs as much as they
do, so it is imported only when it is needed.
"""

from caliber_crawler.reading.general.reader import GeneralReading, read_general, read_tree

__all__ = ["GeneralReading", "read_general", "read_tree"]
