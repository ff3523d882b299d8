import re
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from caliber_crawler.news_spider import NewsSpider
from tests.tooling.repository import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def spider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[NewsSpider]:
    """The guide's example, put into a folder of spiders and found there by Scrapy."""
    (example,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    folder = tmp_path / "spiders_of_the_guide"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "example.py").write_text(example, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": [folder.name]}))
    found = loader.load("example")
    assert issubclass(found, NewsSpider)
    return found


def test_the_file_of_the_guide_is_a_whole_site(spider):
    scope = spider(section="world", language="en").scope
    assert scope.sections == ("world",)
    assert scope.site.listing_url(scope.site.editions[0], "world") == "https://news.example.org/world"


def test_the_site_of_the_guide_knows_its_articles(spider):
    numbered = spider.site.address("https://news.example.org/story/17/?utm_source=feed")
    assert numbered is not None
    assert (numbered.number, numbered.url) == (17, "https://news.example.org/story/17")
    named = spider.site.address("/a-quiet-day.html")
    assert named is not None
    assert (named.slug, named.language) == ("a-quiet-day", "en")
    assert spider.site.address("/world") is None


def test_the_guide_names_only_what_is_there():
    named = set(re.findall(r"`((?:caliber_crawler/|tests/|data/|constraints)[\w./-]*\w)`", GUIDE))
    assert {"caliber_crawler/site.py", "constraints.txt"} <= named
    assert [name for name in named - {"data/archive.db"} if not (ROOT / name).exists()] == []
