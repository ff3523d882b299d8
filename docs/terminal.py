"""Draw a command and its output as a terminal: `python docs/terminal.py OUT.svg caliber demo`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

CHARACTER, LINE, MARGIN = 8.43, 19, 20
NO_BREAK = "\u00a0"
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img">
<title>{title}</title>
<rect width="100%" height="100%" rx="8" fill="#1f2430"/>
<circle cx="20" cy="18" r="5.5" fill="#ff5f57"/>
<circle cx="38" cy="18" r="5.5" fill="#febc2e"/>
<circle cx="56" cy="18" r="5.5" fill="#28c840"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#d8dee9">
{lines}
</g>
</svg>
"""


def main(picture: str, *command: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
    shown = [f"$ {' '.join(command)}", *(done.stderr + done.stdout).splitlines()]
    lines = [
        f'<text x="{MARGIN}" y="{48 + number * LINE}"{_style(number)}>{escape(line).replace(" ", NO_BREAK)}</text>'
        for number, line in enumerate(shown)
    ]
    svg = PICTURE.format(
        title=escape(shown[0]),
        width=max(map(len, shown)) * CHARACTER + 2 * MARGIN,
        height=48 + len(shown) * LINE,
        lines="\n".join(lines),
    )
    Path(picture).write_text(svg, encoding="utf-8")


def _style(number: int) -> str:
    return ' font-weight="bold" fill="#ffffff"' if number == 0 else ""


if __name__ == "__main__":
    main(*sys.argv[1:])
