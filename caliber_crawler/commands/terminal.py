"""Output on a terminal: commands print through this module alone, so that no page can control the terminal.

Texts, headers and URLs come from strangers. A control character in them is printed as a visible escape (``\\u001b``),
which is also the form that JSON has for it. Colours come from :func:`style` and from nowhere else.
"""

from __future__ import annotations

import re
from secrets import token_hex

import click

# `style` marks its codes with a key that no text can know; `visible` makes real codes of these marks only.
_KEY = token_hex(8)
_CODE = re.compile("\x1b\\[([0-9;]+)m")
# Control characters but line feed and tab, and halves of characters, which no terminal can show.
_HIDDEN = re.compile(f"\x1b<{_KEY}:([0-9;]+)>|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def echo(message: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a message to standard output, or to standard error; control characters in it are made visible."""
    click.echo(visible(message), err=err, nl=nl)


def secho(message: str, *, fg: str | None = None, bold: bool = False, err: bool = False) -> None:
    """Print a message in a style."""
    echo(style(message, fg=fg, bold=bold), err=err)


def style(text: str, *, fg: str | None = None, bold: bool = False) -> str:
    """A text in a colour of ``click.style``, or bold, for :func:`echo`. Where there is no terminal it stays plain."""
    opening = click.style("", fg=fg, bold=bold or None, reset=False)
    return _marked(opening) + text + _marked("\x1b[0m")


def visible(text: str) -> str:
    """A text as it may be printed: the codes of :func:`style` work, every other control character is an escape."""
    return _HIDDEN.sub(lambda found: f"\x1b[{found[1]}m" if found[1] else f"\\u{ord(found[0]):04x}", text)


def _marked(codes: str) -> str:
    return _CODE.sub(lambda code: f"\x1b<{_KEY}:{code[1]}>", codes)
