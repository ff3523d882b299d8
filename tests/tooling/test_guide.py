import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from caliber_crawler.news_spider import NewsSpider
from tests.tooling.repository import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def spider(tmp_path_factory: pytest.TempPathFactory) -> type[NewsSpider]:
    """The guide's example, loaded by Scrapy from a folder of spiders."""
    (example,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    parent = tmp_path_factory.mktemp("guide")
    folder = parent / "spiders_of_the_guide"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "example.py").write_text(example, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(parent)
        loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": [folder.name]}))
    found = loader.load("example")
    assert issubclass(found, NewsSpider)
    return found


def test_the_example_of_the_guide_is_a_complete_site(spider):
    scope = spider(section="world", language="en").scope
    assert scope.sections == ("world",)
    assert scope.site.listing_url(scope.site.editions[0], "world") == "https://news.example.org/world"


def test_the_site_of_the_guide_recognizes_its_article_urls(spider):
    numbered = spider.site.article_url("https://news.example.org/story/17/?utm_source=feed")
    assert numbered is not None
    assert (numbered.number, numbered.url) == (17, "https://news.example.org/story/17")
    named = spider.site.article_url("/a-quiet-day.html")
    assert named is not None
    assert (named.slug, named.language) == ("a-quiet-day", "en")
    assert spider.site.article_url("/world") is None


def test_every_path_in_the_guide_exists():
    named = set(re.findall(r"`((?:caliber_crawler/|tests/|data/|constraints)[\w./-]*\w)`", GUIDE))
    assert {"caliber_crawler/site", "constraints.txt"} <= named
    assert [name for name in named - {"data/archive.db"} if not (ROOT / name).exists()] == []


PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>A quiet day - Example News</title></head>
<body><nav><a href="/world">World</a></nav>
<article><h1>A quiet day</h1><time datetime="2026-07-01T09:30:00+02:00">01 July 2026, 09:30</time>
<div class="text"><p>Nothing happened in the capital today, and nobody was surprised by it.</p>
<div class="ad">Buy!</div>
<p>The ministry promised to look into it.</p><p>Subscribe to our newsletter</p></div></article></body></html>"""


@pytest.mark.slow
def test_the_guide_works_step_by_step(tmp_path: Path) -> None:
    """In a copy of the project with the guide's example, the guide's commands work in order."""
    for part in ("caliber_crawler", "tests/extraction", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / part, tmp_path / part)
    (example,) = re.findall(r"^```python\n(.*?)^```$", GUIDE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "caliber_crawler/spiders/example.py").write_text(example, encoding="utf-8")
    (tmp_path / "saved.html").write_text(PAGE, encoding="utf-8")
    part = GUIDE[GUIDE.index("## Add a site") :]
    _learning, recording, inspection = re.findall(r"^```console\n(.*?)^```$", part, flags=re.MULTILINE | re.DOTALL)
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/extraction/test_recorded_pages.py"]

    assert run(tmp_path, ["-m", "caliber_crawler", *shlex.split(recording)[1:]]).returncode == 0
    (expected,) = tmp_path.glob("tests/pages/example/a-quiet-day/expected.json")
    assert run(tmp_path, tests).returncode == 1, "a draft must fail the test"

    draft = json.loads(expected.read_text(encoding="utf-8"))
    del draft["draft"]
    article = draft["article"]
    assert (article["headline"], article["published_at"]) == ("A quiet day", "2026-07-01T09:30:00+02:00")
    assert len(article["body"]) == 2
    expected.write_text(json.dumps(draft), encoding="utf-8")
    tested = run(tmp_path, tests)
    assert tested.returncode == 0, tested.stdout

    for line in inspection.splitlines():
        if " crawl " not in line:  # the example site does not exist
            result = run(tmp_path, ["-m", "caliber_crawler", *shlex.split(line)[1:]])
            assert result.returncode == 0, result.stderr
            assert "A quiet day" in result.stdout or "status" in line


def run(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("CALIBER_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=ours | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
