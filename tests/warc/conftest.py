"""Fixtures: an archive to export from and one to fill, shared with the other exports' tests."""

from tests.export.conftest import blank, newsroom, path, printed, three_editions

__all__ = ["blank", "newsroom", "path", "printed", "three_editions"]
