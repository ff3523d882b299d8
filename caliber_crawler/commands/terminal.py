"""Output on a terminal. Commands print only through this module, so that no page can control the terminal.

Texts, headers and URLs are untrusted. A control character in them is printed as a visible escape (``\\u001b``), as in
JSON. Only :func:`style` gives colours.
"""

from __future__ import annotations

import re
from collections import Counter
from secrets import token_hex

import click

# `style` marks its codes with a secret key; `visible` turns only marked codes into real ones.
_KEY = token_hex(8)
_CODE = re.compile("\x1b\\[([0-9;]+)m")
# Control characters except line feed and tab, and lone surrogates, which no terminal can print.
_HIDDEN = re.compile(f"\x1b<{_KEY}:([0-9;]+)>|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def echo(message: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a message to standard output, or to standard error; control characters in it are made visible."""
    click.echo(visible(message), err=err, nl=nl)


def secho(message: str, *, fg: str | None = None, bold: bool = False, err: bool = False) -> None:
    """Print a message in a style."""
    echo(style(message, fg=fg, bold=bold), err=err)


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """A text in a colour of ``click.style``, or bold, for :func:`echo`. Output to a file or pipe stays plain."""
    opening = click.style("", fg=fg, bold=bold or None, reset=False)
    return _mark(opening) + text + _mark("\x1b[0m")


def visible(text: str) -> str:
    """A text that is safe to print: the codes of :func:`style` work, other control characters become escapes."""
    return _HIDDEN.sub(lambda found: f"\x1b[{found[1]}m" if found[1] else f"\\u{ord(found[0]):04x}", text)


def _mark(codes: str) -> str:
    return _CODE.sub(lambda code: f"\x1b<{_KEY}:{code[1]}>", codes)


def list_counts(counts: Counter[str]) -> str:
    """Counts by reason or type as text, the highest first."""
    return ", ".join(f"{count:,} {reason.replace('_', ' ')}" for reason, count in counts.most_common())
