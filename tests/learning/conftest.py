"""Archives for the lessons."""

from tests.archive.conftest import blank, newsroom, path

__all__ = ["blank", "newsroom", "path"]
