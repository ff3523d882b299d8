"""``python -m caliber_crawler`` is ``caliber``."""

from caliber_crawler.commands.cli import main

main()
