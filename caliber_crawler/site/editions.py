"""The languages of a site and their sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of one edition: where its listing is and what its label reads on a page."""

    path: str
    labels: tuple[str, ...] = ()
    id: str = ""
    """What the site's own requests call it (``17``), where that is not in its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One language of a site."""

    language: str
    """BCP 47."""
    name: str
    """What the site itself calls it (``arm``); accepted wherever a language is asked for."""
    prefixes: tuple[str, ...] = ("",)
    """Path prefixes of its pages, the one in use today first."""
    sections: Mapping[str, Section] = field(default_factory=dict)
    view_labels: tuple[str, ...] = ()
    """The words before the view counter (``Views``)."""
    boilerplate: tuple[str, ...] = ()
    """Lines of text that stand on pages of this edition and belong to no article."""
