"""A site's file that cannot be right is told of in a sentence, before anything is asked of the site."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.errors import SiteError
from caliber_crawler.site import PostIds, Revisits, Search, TextLayout
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import command, environment

SITE = CaliberSpider.site
assert SITE.listing is not None
LISTING = SITE.listing


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"listing": replace(LISTING, more="?page={pge}")}, r"listing\.more names \{pge\}; it may name page, offset"),
        ({"listing": replace(LISTING, more="?page={page")}, r"listing\.more cannot be read"),
        ({"listing": replace(LISTING, more="/more")}, r"names neither \{page\} nor \{offset\}"),
        ({"listing": replace(LISTING, more="/more?start={offset}")}, "page_size must say how many"),
        ({"listing": replace(LISTING, more="", form="page={page}")}, r"listing\.more, which is empty"),
        ({"revisits": Revisits(later=timedelta())}, r"revisits\.later"),
        ({"revisits": Revisits(ages=(timedelta(days=2), timedelta(days=1)))}, r"revisits\.ages must rise"),
        ({"sources": (Search(path="/search"),)}, r"Search\.path must name \{query\}"),
        ({"sources": (Search(path="/search/{query}", more="?page=2"),)}, r"Search\.more must name \{page\}"),
        ({"sources": (PostIds(paths={"en": "/en/post/"}, last=9),)}, r"Numbers\.paths must name \{number\}"),
        ({"article_path": r"/post/(?P<number>\d+"}, "article_path is no regular expression"),
        ({"timezone": "Asia/Bakku"}, "no time zone 'Asia/Bakku'"),
        ({"layouts": (*SITE.layouts, *SITE.layouts)}, "two layouts are called 'new'"),
        ({"layouts": (replace(SITE.layouts[0], name="generic"),)}, "no layout may be called 'generic'"),
        ({"text": TextLayout(labelled_dateline="unknown")}, "no layout may be called 'unknown'"),
        ({"text": TextLayout(labelled_dateline="new")}, "'new', which has selectors"),
        ({"text": TextLayout(controls=("A+", " "))}, r"text\.controls holds a label that is empty"),
        ({"text": TextLayout(controls=("A+", "A- "))}, r"text\.controls holds a label that is empty or has blanks"),
        ({"text": TextLayout(controls=("A+", "A+"))}, r"text\.controls names a label twice"),
        ({"default_sections": ("horoscope",)}, "'horoscope', which no edition has"),
    ],
)
def test_what_cannot_be_right_is_named(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(SiteError, match=rf"'caliber' cannot be right: .*{told}"):
        replace(SITE, **facts)


def test_a_form_may_count_instead_of_the_address() -> None:
    assert replace(SITE, listing=replace(LISTING, more="/ajax", form="page={page}")).listing is not None


@pytest.mark.slow
def test_a_crawl_by_such_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "wrong_paper.py").write_text(
        "from dataclasses import replace\n"
        "from caliber_crawler.spiders.caliber import CaliberSpider\n"
        "from caliber_crawler.news_spider import NewsSpider\n"
        "class WrongSpider(NewsSpider):\n"
        '    name = "wrong"\n'
        "    site = replace(CaliberSpider.site, timezone='Asia/Bakku')\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command("crawl", "wrong", "--archive", tmp_path / "a.db"),
        env=environment(PYTHONPATH=path, CALIBER_SPIDERS="wrong_paper"),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Asia/Bakku" in done.stderr
