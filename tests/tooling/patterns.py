"""The regular expressions of the package, and strings that make one backtrack.

A call of ``re`` whose pattern consists of constants is evaluated. :func:`collect` also returns the functions that build
patterns from something else. The attacks are derived from the repetitions of a pattern: its body, repeated many times,
between what the pattern expects before it and something that it does not expect after it.
"""

from __future__ import annotations

import ast
import importlib
import re
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from math import inf, isfinite
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import caliber_crawler

PACKAGE = Path(caliber_crawler.__file__).parent
FUNCTIONS = {"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"}
ANCHORED = {"match", "fullmatch"}
"""Methods that begin at the first character only."""
MANY = 8
"""Repetitions that may be combined in enough ways to be slow."""

parser: Any = importlib.import_module("re._parser")
SINGLE = (parser.LITERAL, parser.NOT_LITERAL, parser.IN, parser.ANY)
"""Items of a parsed pattern that match one character."""


class Use(NamedTuple):
    """A regular expression, where it is written, and the methods that are called on it."""

    where: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


# --- Collection -------------------------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[str, ast.Module]]:
    """Each module of the package: its name, and its syntax tree."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if path.is_relative_to(PACKAGE / "demo") or path.name == "__main__.py":
            continue  # the demo site makes its own text
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        yield ".".join(parts).removesuffix(".__init__"), ast.parse(path.read_bytes())


def re_calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, str | None]]:
    """Each call of a function of ``re``, with the function's name and the variable that its result is assigned to."""
    names = {
        id(node.value): target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name in FUNCTIONS:
                yield node, name, names.get(id(node))


def methods_by_name(trees: Iterable[ast.Module]) -> dict[str, set[str]]:
    """The methods that the modules mention on each variable name, wherever it is imported."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for tree in trees:
        for name, called in _methods(tree).items():
            found[name] |= called
    return found


def _methods(tree: ast.Module) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr=method):
                if name != "re" and method in FUNCTIONS:
                    found[name].add(method)
    return found


def evaluate(call: ast.Call, module: str) -> re.Pattern[Any] | None:
    """The pattern of a call, evaluated with the constants of its module; ``None`` if it needs more than those."""
    namespace = vars(importlib.import_module(module))
    flags = next((word.value for word in call.keywords if word.arg == "flags"), None)
    if flags is None:
        function = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        position = {"compile": 1, "split": 3, "sub": 4, "subn": 4}.get(function, 2)
        flags = call.args[position] if len(call.args) > position else ast.parse("0", mode="eval").body
    try:
        return re.compile(*(_value(node, namespace) for node in (call.args[0], flags)))
    except NameError:
        return None


def _value(node: ast.expr, namespace: dict[str, Any]) -> Any:
    return eval(compile(ast.Expression(node), "<pattern>", "eval"), namespace)


@cache
def collect() -> tuple[Sequence[Use], Sequence[str]]:
    """The patterns that consist of constants, and the places of the others."""
    uses, others, modules = list[Use](), list[str](), dict(sources())
    methods = methods_by_name(modules.values())
    for module, tree in modules.items():
        local = _methods(tree).get("pattern", {"search"})
        for call, function, name in re_calls(tree):
            pattern = evaluate(call, module)
            if pattern is None:
                others.append(f"{module}:{_function_of(call, tree)}")
                continue
            called = {function} if function != "compile" else methods.get(name or "") or local
            uses.append(Use(f"{module}:{call.lineno}", pattern, frozenset(called)))
    return tuple(uses), tuple(others)


def _function_of(call: ast.Call, tree: ast.Module) -> str:
    """The innermost function that contains a call."""
    functions = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.lineno <= call.lineno <= (node.end_lineno or 0)
    ]
    return max(functions, key=lambda node: node.lineno).name if functions else "<module>"


# --- Attack strings ---------------------------------------------------------------------------------------------------


class Attack(NamedTuple):
    """A string of any length that may make a pattern backtrack: something repeated, between a prefix and an end."""

    prefix: str
    pump: str
    end: str

    def text(self, length: int) -> str:
        """The string with at least this number of characters."""
        return self.prefix + self.pump * (length // len(self.pump) + 1) + self.end


ENDS = ("", "\0", "\n")
"""What follows the repetition, so that the match fails there."""


def attacks(pattern: re.Pattern[Any]) -> list[Attack]:
    """The attacks on a pattern, derived from its repetitions."""
    text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    found: dict[Attack, None] = {}
    for prefix, pump in dict.fromkeys(_pumps(list(parser.parse(text, pattern.flags & ~re.UNICODE)), "")):
        for end in ENDS:
            found.setdefault(Attack("", pump, end))
            found.setdefault(Attack(prefix, pump, end))
            found.setdefault(Attack("", prefix + pump + end, ""))
            found.setdefault(Attack(prefix, pump * 40 + end, ""))
        found.setdefault(Attack("", prefix, ""))
    return [attack for attack in found if attack.pump]


def _pumps(items: Sequence[Any], before: str) -> Iterator[tuple[str, str]]:
    """Each repetition: a string that the pattern matches before it, and a string that it repeats."""
    for operator, argument in items:
        name = str(operator)
        if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, body = argument
            if most >= MANY:
                for pump in _examples(list(body)):
                    yield before, pump
            yield from _pumps(list(body), before)
        elif name == "SUBPATTERN":
            yield from _pumps(list(argument[-1]), before)
        elif name == "ATOMIC_GROUP":
            yield from _pumps(list(argument), before)
        elif name == "BRANCH":
            for branch in argument[1]:
                yield from _pumps(list(branch), before)
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _pumps(list(argument[1]), before)
        before += _examples([(operator, argument)])[0]


def _examples(items: Sequence[Any]) -> list[str]:
    """Strings that a sequence matches: the shortest for its first alternatives, and one for each other alternative."""
    examples = [""]
    for operator, argument in items:
        own = _own_examples(str(operator), argument)
        examples = [
            examples[0] + own[0],
            *(examples[0] + other for other in own[1:]),
            *(e + own[0] for e in examples[1:]),
        ]
    return examples[:12]


def _own_examples(name: str, argument: Any) -> list[str]:
    match name:
        case "LITERAL":
            return [chr(argument)]
        case "NOT_LITERAL":
            return [_outside([("LITERAL", argument)])]
        case "ANY":
            return ["a", " ", "<"]
        case "IN":
            return _members(argument)
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            least, most, body = argument
            inner = _examples(list(body))
            return [inner[0] * min(least, 3)] + ([] if least else inner) + [each * 3 for each in inner if most > 1]
        case "SUBPATTERN":
            return _examples(list(argument[-1]))
        case "ATOMIC_GROUP":
            return _examples(list(argument))
        case "BRANCH":
            return [example for branch in argument[1] for example in _examples(list(branch))]
    return [""]


CATEGORIES = {
    "CATEGORY_SPACE": (" ", "\n"),
    "CATEGORY_WORD": ("a", "1", "_"),
    "CATEGORY_DIGIT": ("1",),
    "CATEGORY_NOT_SPACE": ("a", ".", "/"),
    "CATEGORY_NOT_WORD": (" ", "-"),
    "CATEGORY_NOT_DIGIT": ("a", " "),
}
SAMPLES = "a1 _-.,:;/<>\"'=&\nB\0"


def _members(items: Sequence[Any]) -> list[str]:
    """Some characters of a set: every kind of character that it contains."""
    if str(items[0][0]) == "NEGATE":
        return [_outside(items[1:]), *(char for char in SAMPLES if not _contains(items[1:], char))][:8]
    found: list[str] = []
    for operator, argument in items:
        match str(operator):
            case "LITERAL":
                found.append(chr(argument))
            case "RANGE":
                found += [chr(argument[0]), chr(argument[1])]
            case "CATEGORY":
                found += CATEGORIES[str(argument)]
    return found[:8]


def _outside(items: Sequence[Any]) -> str:
    return next((char for char in SAMPLES if not _contains(items, char)), "~")


def _contains(items: Sequence[Any], char: str) -> bool:
    for operator, argument in items:
        match str(operator):
            case "LITERAL" if ord(char) == argument:
                return True
            case "RANGE" if argument[0] <= ord(char) <= argument[1]:
                return True
            case "CATEGORY":
                meaning = str(argument)
                kinds = {"SPACE": char.isspace(), "WORD": char.isalnum() or char == "_", "DIGIT": char.isdigit()}
                kind = kinds[meaning.rpartition("_")[2]]
                if kind != ("_NOT_" in meaning):
                    return True
    return False


# --- Measurement ------------------------------------------------------------------------------------------------------


class Stalled(BaseException):
    """A match exceeded its time."""


MAX_SECONDS, MOST_SECONDS = 0.3, 0.6
"""Seconds of CPU time after which a match is interrupted, and those for a pattern that is expensive for a short string.
Linear patterns take 0.1 s for the longest string; those of a thousand words, 0.3 s."""


def seconds(run: Callable[[], object], limit: float = MAX_SECONDS) -> float:
    """The duration of a call; ``inf`` if it was interrupted.

    CPU time is not precise enough: some kernels count it in steps of 10 ms.
    """

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise Stalled

    before = signal.signal(signal.SIGVTALRM, stop)
    start = time.perf_counter()
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, limit)
        run()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return time.perf_counter() - start
    except Stalled:
        return inf
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def runs(use: Use, subject: Any) -> Iterator[Callable[[], object]]:
    """The calls that the package makes on a pattern, with this subject."""
    for method in sorted(use.methods & ANCHORED):
        yield partial(getattr(use.pattern, method), subject)
    if use.methods - ANCHORED:
        # Every other method searches, and splitting or replacing costs little more than finding all matches.
        yield lambda: sum(1 for _ in use.pattern.finditer(subject))


SHORTER, SHORT, LONG = 1_000, 4_000, 96_000
"""Characters."""
DEAR = 0.5e-6
"""Seconds per character: an attack that takes longer with the shortest string is expensive without a second run."""
CHEAP = 0.12e-6
"""Seconds per character. A quadratic pattern that is cheaper for a short string exceeds ``MAX_SECONDS`` for none."""
GROWTH = 3
"""How much longer a character may take in a long string than in a short one. In a quadratic pattern it takes 24 times
as long; a busy machine makes some long matches twice as slow."""
MOST_EXPENSIVE = 4
"""Number of attacks that are repeated with a long string."""
CANDIDATES = 40
"""Number of attacks that are measured again before: a busy machine makes a few of them look expensive."""


def slowness(use: Use) -> Attack | None:
    """An attack for which a pattern takes more than linear time; ``None`` if there is none.

    Short strings show which attacks are the most expensive. Those are repeated with a long string, under a limit of CPU
    time that follows from the duration for a short one: a pattern of many words is linear, but not fast.
    """
    measured = []
    for attack in attacks(use.pattern):
        subjects = [_encoded(attack.text(length), use.pattern) for length in (SHORTER, SHORT)]
        for number, (shorter, short) in enumerate(zip(*(runs(use, subject) for subject in subjects), strict=True)):
            cost = seconds(shorter) / SHORTER
            if cost < DEAR:
                cost = seconds(short) / SHORT
            if not isfinite(cost):
                return attack
            if cost >= CHEAP:
                measured.append((cost, attack, number))
    expensive = []
    for first, attack, number in sorted(measured, reverse=True)[:CANDIDATES]:
        cost = min(first, seconds(_run(use, attack, SHORT, number)) / SHORT)
        if cost >= CHEAP:
            expensive.append((cost, attack, number))
    for cost, attack, number in sorted(expensive, reverse=True)[:MOST_EXPENSIVE]:
        run = _run(use, attack, LONG, number)
        limit = min(max(MAX_SECONDS, GROWTH * cost * LONG), MOST_SECONDS)
        if not isfinite(seconds(run, limit)) and not isfinite(seconds(run, limit)):
            return attack
    return None


def _run(use: Use, attack: Attack, length: int, number: int) -> Callable[[], object]:
    return [*runs(use, _encoded(attack.text(length), use.pattern))][number]


def _encoded(text: str, pattern: re.Pattern[Any]) -> Any:
    return text if isinstance(pattern.pattern, str) else text.encode("latin-1", "replace")


def groups_repeated_possessively(pattern: re.Pattern[Any]) -> Iterator[bool]:
    """Yield ``True`` for each possessive repetition of more than a single character."""
    left: list[Any] = [parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)]
    while left:
        item = left.pop()
        if isinstance(item, parser.SubPattern):
            left += item.data
        elif isinstance(item, tuple) and item and item[0] is parser.POSSESSIVE_REPEAT:
            repeated = item[1][2]
            if len(repeated) != 1 or not any(repeated[0][0] is single for single in SINGLE):
                yield True
            left.append(repeated)
        elif isinstance(item, tuple | list):
            left += item
