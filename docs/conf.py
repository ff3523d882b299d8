"""Configuration of the documentation site: ``make docs`` builds it with Sphinx into ``build/docs``.

Every warning is an error there: a broken link, an unknown anchor, a page that no table of contents names.
"""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

from caliber_crawler import __version__

project = "caliber_crawler"
author = "The caliber_crawler contributors"
project_copyright = author
version = release = __version__
html_title = f"caliber_crawler {__version__}"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["deploy", "pictures"]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of signatures, which have no pages
default_role = "code"

myst_enable_extensions = ["deflist", "attrs_block", "colon_fence"]
myst_heading_anchors = 3  # links to headings, as on code hosts

# The theme uses the fonts of the system; nothing is loaded from another host.
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_copyright = False
copybutton_exclude = ".linenos, .gp, .go"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True


OF_THE_REPOSITORY = {
    "README.md": "docs/index.md",
    "CONTRIBUTING.md": "docs/contributing.md",
    "CHANGELOG.md": "docs/changelog.md",
}
"""Documents outside this folder, and the pages that include them or replace them."""


def link_to_pages(app: Sphinx, page: str, source: list[str]) -> None:
    """Turn links to documents of the repository, which are right on a code host, into links to pages of the site."""
    folder = (Path(app.srcdir) / page).parent

    def link(found: re.Match[str]) -> str:
        target = os.path.relpath(folder / found[1], app.srcdir.parent)
        ours = OF_THE_REPOSITORY.get(target)
        return f"]({os.path.relpath(app.srcdir.parent / ours, folder)}{found[2] or ''})" if ours else found[0]

    source[0] = re.sub(r"\]\(([^)#\s:]+)(#[^)\s]*)?\)", link, source[0])


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", link_to_pages)
