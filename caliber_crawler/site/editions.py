"""The editions of a site and their sections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of one edition: the path of its listing, and its labels on pages."""

    path: str
    labels: tuple[str, ...] = ()
    id: str = ""
    """The ID of the section in the site's own requests (``17``), if it is not in the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One language of a site."""

    language: str
    """BCP 47 code."""
    name: str
    """The site's own name for it (``arm``); accepted wherever a language is."""
    prefixes: tuple[str, ...] = ("",)
    """Path prefixes of its pages, the current one first."""
    sections: Mapping[str, Section] = field(default_factory=dict)
    view_labels: tuple[str, ...] = ()
    """Labels of the view counter (``Views``)."""
    boilerplate: tuple[str, ...] = ()
    """Lines on pages of this edition that are not part of an article."""
