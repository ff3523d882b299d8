"""Kinds of whole sites in memory: where articles are, how they are linked, and what else is there."""

from __future__ import annotations

from collections.abc import Callable

from tests.discovery.kinds.building import Kind
from tests.discovery.kinds.others import OTHER_PAGES
from tests.discovery.kinds.places import PLACES_OF_ARTICLES
from tests.discovery.kinds.systems import SYSTEMS

KINDS: dict[str, Callable[[], Kind]] = {kind.__name__: kind for kind in (*PLACES_OF_ARTICLES, *OTHER_PAGES, *SYSTEMS)}
