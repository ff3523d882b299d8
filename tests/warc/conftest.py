"""An archive to export from, and one to fill: those of the other exports."""

from tests.export.conftest import blank, newsroom, path, printed, three_editions

__all__ = ["blank", "newsroom", "path", "printed", "three_editions"]
