"""Collects the reason codes that the package uses, from its source code."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from caliber_crawler.crawling.pagination import End
from tests.tooling.repository import ROOT, our_files

PACKAGE = ROOT / "caliber_crawler"
WITH_CODE = {"Unreadable", "Refusal", "Halt", "Trap", "UnusableRecord", "Undecodable", "_problem"}
"""Functions and classes whose first argument is a reason code."""
PROBLEMS = {"Problem", "Capture", "Skipped", "mark_refused"}
"""Classes and functions with a keyword argument for a reason code."""
KEYWORDS = {"reason", "error_code"}
VARIABLES = {"reason", "code", "fault"}
"""Variables and fields whose text is a reason code."""
CODE = re.compile(r"[a-z][a-z0-9_]+")
FORMATTED: Mapping[str, set[str]] = {
    "http_{}": set(),  # made by reasons.reason_of
    "listing_{}": {f"listing_{end.name.lower()}" for end in End if not end.complete},
    "boilerplate_in_{}": {"boilerplate_in_headline", "boilerplate_in_subtitle"},
    "not_a_{}": {"not_a_feed", "not_a_sitemap"},
}
"""Codes that are made with an f-string."""


def used_codes() -> dict[str, list[str]]:
    """Reason codes and the places that use them. A new f-string that makes codes raises ``KeyError``."""
    places: dict[str, list[str]] = defaultdict(list)
    trees = {path: ast.parse(path.read_text("utf-8")) for path in our_files(PACKAGE) if path.suffix == ".py"}
    constants = {name: value for tree in trees.values() for name, value in text_constants(tree)}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            for value in code_values(node):
                for code in codes_of(value, constants):
                    places[code].append(f"{path.relative_to(ROOT)}:{value.lineno}")
    return dict(places)


def text_constants(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """The constants of a module that are texts."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield ast.unparse(node.targets[0]), node.value.value


def code_values(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions in a node that give a reason code."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            name = ast.unparse(func).rpartition(".")[2]
            if name in WITH_CODE:
                yield from args[:1]
            if name in PROBLEMS:
                yield from (keyword.value for keyword in keywords if keyword.arg in KEYWORDS)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
            yield from (value for name, value in zip(names, values, strict=True) if ast.unparse(name) in VARIABLES)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in VARIABLES:
            yield value
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in VARIABLES:
            yield value
        case ast.AugAssign(target=ast.Subscript(value=counter, slice=code)) if ast.unparse(counter).endswith("skipped"):
            yield code
        case ast.FunctionDef(name="failure_reason"):
            returned = [each.value for each in ast.walk(node) if isinstance(each, ast.Return)]
            yield from (value.elts[0] for value in returned if isinstance(value, ast.Tuple))


def codes_of(value: ast.expr, constants: Mapping[str, str]) -> set[str]:
    """The codes that an expression can give, as far as they are in the source."""
    match value:
        case ast.Constant(value=str(code)) if CODE.fullmatch(code):
            return {code}
        case ast.Name(id=name) if name in constants:
            return {constants[name]}
        case ast.IfExp(body=body, orelse=other):
            return codes_of(body, constants) | codes_of(other, constants)
        case ast.BoolOp(values=values):
            return {code for each in values for code in codes_of(each, constants)}
        case ast.JoinedStr(values=parts):
            return FORMATTED["".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)]
    return set()
