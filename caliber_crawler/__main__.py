"""``python -m caliber_crawler`` is ``caliber``."""

import os
import sys

# Old versions of Python must be able to run the lines up to here.
if sys.version_info < (3, 11):  # noqa: UP036 (a checkout can be run with any version)
    sys.exit(
        f"caliber needs Python 3.11 or later; this is Python {sys.version_info[0]}.{sys.version_info[1]}"
        f" ({sys.executable}). Run it with a later one, such as: python3.13 -m caliber_crawler"
    )

import caliber_crawler

# Python has put the working folder first on the import path: no file in it may be imported, unless it is a checkout.
_here = os.getcwd()  # noqa: PTH109 (pathlib would be imported from the working folder)
if not sys.flags.safe_path and sys.path[:1] == [_here] and caliber_crawler.__path__[0] != f"{_here}/caliber_crawler":
    del sys.path[0]

from caliber_crawler.commands.cli import main  # noqa: E402

main()
