"""A news archiver: every page kept, every version of every article, every view count ever seen."""

__version__ = "0.1.0"
