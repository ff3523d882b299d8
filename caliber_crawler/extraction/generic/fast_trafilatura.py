"""trafilatura's extraction in its fast, precise mode, without the steps that cannot change its result.

The library copies every tree that it is given several times, and tests the names of all elements in XPath expressions
that call Python for each. Here its own functions run in its own order, with the same expressions evaluated once for
each kind of element. Its module for the main content is loaded a second time for that, so that the library itself stays
as it is for other code in the process. A test compares both.
"""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, NamedTuple, cast

from lxml import etree
from lxml.html import HtmlElement
from trafilatura import xpaths
from trafilatura.htmlprocessing import convert_tags, prune_unwanted_nodes, tree_cleaning
from trafilatura.settings import Extractor

from caliber_crawler.extraction.generic.attribute_tests import AttributeTests
from caliber_crawler.extraction.generic.main_element import MAIN_MARK

_MAIN_EXTRACTOR = "trafilatura.main_extractor"
_BEFORE = ("RAW_TREE_PRUNE_XPATH", "REMOVE_COMMENTS_AND_LISTS_XPATH")
"""The lists of expressions that apply to the elements of HTML."""
_COMMENTS = "REMOVE_COMMENTS_XPATH"
_AFTER = (
    *(_COMMENTS, "OVERALL_DISCARD_XPATH", "DISCARD_IMAGE_ELEMENTS", "TEASER_DISCARD_XPATH"),
    "PRECISION_DISCARD_XPATH",
)
"""The lists of expressions that apply to trafilatura's own elements."""


class _Steps(NamedTuple):
    """The library's parts with quick searches."""

    before: AttributeTests
    after: AttributeTests
    comments: Any
    """The searches for comments among the library's own elements."""
    main_extractor: Any


class _MainSearch:
    """One of the expressions for the main element, on a page where that element may be marked with its number."""

    def __init__(self, number: int, expression: etree.XPath) -> None:
        self._number = number
        self._expression = expression

    def __call__(self, tree: etree._Element) -> list[etree._Element]:
        known = tree.get(MAIN_MARK)
        if known is None or int(known) < self._number:
            return cast(list[etree._Element], self._expression(tree))
        return cast(list[etree._Element], _marked()(tree)) if int(known) == self._number else []


def read_main_content(tree: HtmlElement) -> etree._Element | None:
    """Return the main content of a page in trafilatura's own elements; ``None`` if there is too little.

    Takes the tree, and raises whatever the library raises.
    """
    options, steps = _options(), _steps()
    steps.before.mark(tree)
    tree = prune_unwanted_nodes(tree, cast(Any, steps.before.searches))
    tree = convert_tags(tree_cleaning(tree, options), options)
    steps.after.mark(tree)
    tree = prune_unwanted_nodes(tree, steps.comments)
    body, text = steps.main_extractor.extract_content(tree, options)
    return cast(etree._Element, body) if len(text) >= options.min_output_size else None


@cache
def _options() -> Extractor:
    """The options of trafilatura. It keeps no state between pages: its deduplication is off by default.

    In its fast mode it does not consult other libraries, which would double the cost. As "python" it would also
    serialize the text, which is not used.
    """
    return Extractor(output_format="txt", fast=True, precision=True, comments=False, tables=True)


@cache
def _marked() -> etree.XPath:
    return etree.XPath(f"(.//*[@{MAIN_MARK}])[1]")


@cache
def _steps() -> _Steps:
    lists = {name: list(getattr(xpaths, name)) for name in (*_BEFORE, *_AFTER)}
    before = AttributeTests([expression for name in _BEFORE for expression in lists[name]], "html")
    after = AttributeTests([expression for name in _AFTER for expression in lists[name]], "converted")
    main_extractor = _own_copy(_MAIN_EXTRACTOR)
    searches = iter(after.searches)
    quick = {name: [next(searches) for _ in lists[name]] for name in _AFTER}
    main = [_MainSearch(number, expression) for number, expression in enumerate(xpaths.BODY_XPATH)]
    vars(main_extractor).update(quick, BODY_XPATH=main)
    return _Steps(before, after, quick[_COMMENTS], main_extractor)


def _own_copy(name: str) -> ModuleType:
    spec = find_spec(name)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
