"""A news archiver: every page kept, every version of every article, every view count ever seen.

In a notebook: ``from caliber_crawler import Archive``; ``docs/notebook.py`` shows how.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caliber_crawler.archive import Archive

__all__ = ["Archive", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    # Loaded when it is asked for: a command that needs no archive starts without it.
    if name == "Archive":
        from caliber_crawler.archive import Archive

        return Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
