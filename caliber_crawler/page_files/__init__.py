"""Files that browsers and other programs save: single pages, MHTML, HAR; what a file is, and what it says of itself."""

from caliber_crawler.page_files.forms import WEB_ARCHIVES, FileForm, form_of
from caliber_crawler.page_files.har import HarReader
from caliber_crawler.page_files.saved_page import MEDIA_TYPES, SavedPage, read_saved_page
from caliber_crawler.page_files.savers import Origin, origins_of

__all__ = [
    "MEDIA_TYPES",
    "WEB_ARCHIVES",
    "FileForm",
    "HarReader",
    "Origin",
    "SavedPage",
    "form_of",
    "origins_of",
    "read_saved_page",
]
