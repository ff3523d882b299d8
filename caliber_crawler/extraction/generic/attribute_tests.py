"""XPath expressions that judge elements by their own attributes, evaluated once for each kind of element.

An extraction library tests every element of a page against long lists of names. In lxml a test with a regular
expression calls Python, so these tests cost more than the rest of the library. Here one pass over the page looks up
what all expressions say of each kind of element (its tag, and the attributes that the expressions name), marks the few
elements that an expression matches, and the expression becomes a search for its mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, cast

from lxml import etree

from caliber_crawler.extraction.generic.elements import writable

MAX_KINDS = 8_192
"""Kinds of elements whose verdicts are kept."""
MAX_KEPT_LENGTH = 400
"""Characters of the attributes of a kind that is kept."""
_NAMESPACES = {"re": "http://exslt.org/regular-expressions"}
_START = ".//*"
_PREDICATE = re.compile(r"\[((?:[^\]\['\"]|'[^']*'|\"[^\"]*\")+)\]")
_LITERAL = re.compile("'[^']*'|\"[^\"]*\"")
_TAG = re.compile(r"self::(\w+)")
_NAME = re.compile(r"@([\w-]+)")
# Whatever looks beyond the attributes of the element: other steps, positions, its text.
_BEYOND = re.compile(
    r"/|::(?<!self::)|\b(?:position|last|count|text|node|string|normalize-space)\s*\(|^\s*\d+\s*$|\.\."
)
_MARK = "data-matches-"
Search = Callable[[etree._Element], list[etree._Element]]
_Items = list[tuple[str, str]]
_Kind = tuple[str, tuple[tuple[str, str], ...]]
"""The tag of an element, and those of its attributes that an expression names, in their order: some expressions take
the first of two."""


class _Test(NamedTuple):
    """An expression that is replaced by a mark."""

    mark: str
    own: etree.XPath
    """Its predicates on the element itself, for the children of an element."""


class AttributeTests:
    """Expressions of the form ``.//*[…][…]``, and for each a search that finds the same elements in a marked tree.

    Predicates that look beyond the element are evaluated only on a page where the others match something. An expression
    of another form stays as it is.
    """

    def __init__(self, expressions: Sequence[etree.XPath], label: str) -> None:
        """``label`` names the marks: no other tests of the same tree may have it."""
        self.searches: list[Search] = []
        """One for each expression. They find nothing in a tree before :meth:`mark`."""
        self._tests: list[_Test] = []
        self._verdicts: dict[_Kind, tuple[str, ...]] = {}
        names: set[str] = set()
        tags: set[str] = set()
        for number, expression in enumerate(expressions):
            predicates = _predicates(expression.path)
            own = [part for part in predicates if not _BEYOND.search(_LITERAL.sub("''", part))]
            words = _LITERAL.sub("''", "".join(own))
            test = _Test(f"{_MARK}{label}-{number}", etree.XPath(f"./*{_bracketed(own)}", namespaces=_NAMESPACES))
            if not (stated := _NAME.findall(words)) or _matches_bare(test.own, _TAG.findall(words)):
                self.searches.append(cast(Search, expression))
                continue
            names.update(stated)
            tags.update(_TAG.findall(words) or ("*",))
            self._tests.append(test)
            marked = etree.XPath(f".//*[@{test.mark}]")
            is_complete = len(own) == len(predicates)
            self.searches.append(cast(Search, marked) if is_complete else _confirm(marked, expression))
        self._names = frozenset(names)
        limit = "" if "*" in tags else f"[{' or '.join(f'self::{tag}' for tag in sorted(tags))}]"
        self._named = etree.XPath(f".//*{limit}[{' or '.join(f'@{name}' for name in sorted(names))}]")

    def mark(self, tree: etree._Element) -> None:
        """Mark the elements that the expressions match. The tags and attributes must not change before the searches."""
        names, verdicts = self._names, self._verdicts
        elements = cast(list[etree._Element], self._named(tree))
        kinds = [
            (element.tag, tuple([pair for pair in cast(_Items, element.items()) if pair[0] in names]))
            for element in elements
        ]
        missing = [kind for kind in dict.fromkeys(kinds) if kind not in verdicts]
        if missing:
            if len(verdicts) > MAX_KINDS:
                verdicts.clear()
                missing = list(dict.fromkeys(kinds))
            verdicts |= self._judge(missing)
        for element, kind in zip(elements, kinds, strict=True):
            for mark in verdicts[kind]:
                element.set(mark, "")
        for kind in missing:
            if sum(len(value) for _, value in kind[1]) > MAX_KEPT_LENGTH:
                del verdicts[kind]

    def _judge(self, kinds: Sequence[_Kind]) -> dict[_Kind, tuple[str, ...]]:
        """Return the marks of each kind: an element of each is laid beside the others on a small page."""
        page = etree.Element("page")
        for tag, attributes in kinds:
            element = etree.SubElement(page, "div", {name: writable(value) for name, value in attributes})
            element.tag = tag
        matched = [(test.mark, set(cast(list[etree._Element], test.own(page)))) for test in self._tests]
        return {
            kind: tuple([mark for mark, found in matched if element in found])
            for kind, element in zip(kinds, page, strict=True)
        }


def _predicates(path: str) -> list[str]:
    """The predicates of an expression; none if it has another form."""
    found = _PREDICATE.findall(path) if path.strip().startswith(_START) else []
    return found if "".join(path.split()) == "".join((_START + _bracketed(found)).split()) else []


def _bracketed(predicates: Sequence[str]) -> str:
    return "".join(f"[{part}]" for part in predicates)


def _matches_bare(own: etree.XPath, tags: Sequence[str]) -> bool:
    """Return whether an expression matches elements without attributes."""
    page = etree.Element("page")
    for tag in tags or ("div",):
        etree.SubElement(page, tag)
    return bool(own(page))


def _confirm(marked: etree.XPath, expression: etree.XPath) -> Search:
    return lambda tree: cast(list[etree._Element], expression(tree) if marked(tree) else [])
