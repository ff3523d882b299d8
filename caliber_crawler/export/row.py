"""An exported article."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
"""Column name to text, number or ``None``."""
