"""A command of ``caliber`` at a simulated time: python -m benchmarks.year_command TIME COMMAND [ARGUMENT]..."""

import sys
from datetime import datetime

from caliber_crawler.commands.cli import main as caliber


def main() -> None:
    import time_machine

    at = datetime.fromisoformat(sys.argv.pop(1))
    with time_machine.travel(at, tick=True):
        caliber()


if __name__ == "__main__":
    main()
