"""A news archiver: it stores every page, every version of every article and every view count.

In a notebook: ``from caliber_crawler import Archive``; see ``docs/notebook.py`` for an example.
"""

from __future__ import annotations

# Not from `typing`: `python -m caliber_crawler` has not yet taken the working folder off the import path.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from caliber_crawler.archive import Archive

__all__ = ["Archive", "__version__"]
__version__ = "0.1.0"
NO_WINDOWS = "caliber_crawler runs on Linux and macOS. On Windows, use WSL 2 or the Docker image, see docs/install.md."


def check_platform() -> None:
    """Raise ``RuntimeError`` on Windows, before an import fails there: this program needs the interfaces of POSIX."""
    import sys

    if sys.platform == "win32":
        raise RuntimeError(NO_WINDOWS)


def __getattr__(name: str) -> object:
    # Imported on first use: commands that need no archive start faster.
    if name == "Archive":
        check_platform()
        from caliber_crawler.archive import Archive

        return Archive
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
