"""Errors in a site definition are reported in one line, before any request to the site."""

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
    ("facts", "message"),
    [
        (
            {"listing": replace(LISTING, more="?page={pge}")},
            r"listing\.more contains the unknown field \{pge\}; known fields: page, offset",
        ),
        ({"listing": replace(LISTING, more="?page={page")}, r"listing\.more is not a valid template"),
        ({"listing": replace(LISTING, more="/more")}, r"contains neither \{page\} nor \{offset\}"),
        ({"listing": replace(LISTING, more="/more?start={offset}")}, "page_size must be the number of teasers"),
        ({"listing": replace(LISTING, more="", form="page={page}")}, r"listing\.form needs listing\.more"),
        ({"revisits": Revisits(later=timedelta())}, r"revisits\.later"),
        (
            {"revisits": Revisits(ages=(timedelta(days=2), timedelta(days=1)))},
            r"revisits\.ages must be positive and in ascending order",
        ),
        ({"revisits": Revisits(ages=(timedelta(), timedelta(days=1)))}, r"revisits\.ages must be positive"),
        ({"revisits": Revisits(ages=(timedelta(days=1), timedelta(days=1)))}, r"revisits\.ages must be positive"),
        ({"sources": (Search(path="/search"),)}, r"Search\.path must contain \{query\}"),
        ({"sources": (Search(path="/search/{query}", more="?page=2"),)}, r"Search\.more must contain \{page\}"),
        ({"sources": (PostIds(paths={"en": "/en/post/"}, last=9),)}, r"PostIds\.paths must contain \{number\}"),
        ({"article_path": r"/post/(?P<number>\d+"}, "article_path is not a valid regular expression"),
        ({"timezone": "Asia/Bakku"}, "unknown time zone 'Asia/Bakku'"),
        ({"layouts": (*SITE.layouts, *SITE.layouts)}, "two layouts are named 'new'"),
        ({"layouts": (replace(SITE.layouts[0], name="generic"),)}, "the layout name 'generic' is reserved"),
        ({"text": TextLayout(labelled_dateline="unknown")}, "the layout name 'unknown' is reserved"),
        ({"text": TextLayout(labelled_dateline="new")}, "'new', which has selectors"),
        ({"text": TextLayout(controls=("A+", " "))}, r"text\.controls contains a label that is empty"),
        (
            {"text": TextLayout(controls=("A+", "A- "))},
            r"text\.controls contains a label that is empty or has extra spaces",
        ),
        ({"text": TextLayout(controls=("A+", "A+"))}, r"text\.controls contains a label twice"),
        ({"default_sections": ("horoscope",)}, "'horoscope', which no edition has"),
    ],
)
def test_each_error_is_reported(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(SiteError, match=rf"Invalid definition of site 'caliber': .*{message}"):
        replace(SITE, **facts)


def test_the_page_number_may_be_in_the_form_instead_of_the_url() -> None:
    assert replace(SITE, listing=replace(LISTING, more="/ajax", form="page={page}")).listing is not None


def test_the_smallest_page_and_the_smallest_ages_are_valid() -> None:
    site = replace(
        SITE,
        listing=replace(LISTING, more="/more?start={offset}", page_size=1),
        revisits=Revisits(ages=(timedelta.resolution,), later=timedelta.resolution),
    )
    assert site.listing is not None


@pytest.mark.slow
def test_a_crawl_with_an_invalid_definition_prints_one_line(tmp_path: Path) -> None:
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
