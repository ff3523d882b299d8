"""The first minutes with five tools: installation, one page in a file, one small site on this machine.

Run as root: ``python -m benchmarks.first_minutes``. Each tool is installed by the pip that comes with Python into an
empty environment, by an ordinary user with an empty home. Then the network is taken away: the page and the site are
those of the demo site, under the name news.example.org, or under 127.0.0.1 for tools that do not take private addresses
for a name. An article counts as found if one stored document has its headline and its last paragraph. Prints the table
of docs/explanation/comparison.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.readme import Newcomer
from caliber_crawler.demo import DemoSite, running

HOST = "news.example.org"
HEADLINE = "Strange calm"
"""The beginning of the headline of the page."""
LIMIT = 300
"""Seconds for a site: the first five minutes."""


@dataclass(frozen=True)
class Tool:
    """A tool, and what a newcomer types."""

    name: str
    install: str
    page: str
    site: str
    stored: tuple[str, ...] = ()
    """Where the documents of a site are afterwards: patterns of file names."""
    files: dict[str, str] = field(default_factory=dict)
    """Files to write before."""
    host: str = HOST
    fix: str = ""
    """What must be installed as well, if it does not start."""


NEWS_PLEASE = "from newsplease import NewsPlease; import json, pathlib; print(json.dumps(NewsPlease.from_html(" + (
    "pathlib.Path('page.html').read_text(), url='http://news.example.org/').get_serializable_dict()))"
)
TOOLS = (
    Tool(
        "trafilatura",
        "trafilatura",
        "trafilatura --json --with-metadata <page.html",
        f"trafilatura --crawl http://{HOST}/ -o texts",
        stored=("texts/**/*.txt",),
        fix="lxml_html_clean",
    ),
    Tool(
        "news-please",
        "news-please",
        f'python -c "{NEWS_PLEASE}"',
        "cp v/lib/python3.*/site-packages/newsplease/config/config.cfg . && news-please -c .",
        stored=("../home/news-please-repo/data/**/*.json",),
        files={"sitelist.hjson": f'{{"base_urls": [{{"url": "http://{HOST}/", "crawler": "RecursiveCrawler"}}]}}\n'},
    ),
    Tool("fundus", "fundus", 'python -c "import fundus"', "", fix="'curl_cffi<0.14'"),
    Tool(
        "ArchiveBox",
        "archivebox",
        "mkdir one && cd one && archivebox init >../log && archivebox config --set SAVE_ARCHIVE_DOT_ORG=False >>../log"
        f" && archivebox add http://{HOST}/PAGE >>../log && cat archive/*/htmltotext.txt",
        "mkdir site && cd site && archivebox init >../log"
        " && archivebox config --set SAVE_ARCHIVE_DOT_ORG=False >>../log"
        f" && archivebox add --depth=1 http://{HOST}/",
        stored=("site/archive/*/htmltotext.txt",),
    ),
    Tool(
        "this program",
        ".",
        "caliber extract page.html",
        "caliber crawl http://127.0.0.1/ --contact you@example.org --delay 0 && caliber export jsonl >texts.jsonl",
        stored=("texts.jsonl",),
        host="127.0.0.1",
    ),
)


def install(tool: Tool, folder: Path) -> dict[str, Any]:
    """Install a tool; return its measures."""
    folder.mkdir()
    newcomer = Newcomer(folder, "/usr/bin:/bin")
    took = newcomer.run(f"python3 -m venv v && v/bin/pip install --quiet {tool.install}")
    row: dict[str, Any] = {"install": took.clock, "install_cpu": took.cpu}
    if tool.fix and newcomer.attempt(starts(tool)).code:
        again = newcomer.run(f"v/bin/pip install --quiet {tool.fix}")
        row = {"install": took.clock + again.clock, "install_cpu": took.cpu + again.cpu, "fix": tool.fix}
    size = subprocess.run(["du", "-sm", newcomer.checkout / "v"], check=True, capture_output=True, text=True)
    packages = len(list((newcomer.checkout / "v").glob("lib/python3.*/site-packages/*.dist-info")))
    return row | {"megabytes": int(size.stdout.split()[0]), "packages": packages}


def starts(tool: Tool) -> str:
    return f"v/bin/python -c 'import {tool.install}'"


def use(tool: Tool, folder: Path) -> dict[str, Any]:
    """Use an installed tool on the page and on the site, in a network that has only this machine."""
    newcomer = Newcomer(folder, f"{folder}/caliber_crawler/v/bin:/usr/bin:/bin", is_new=False)
    newcomer.run("rm -rf data one site texts* ../home/*")
    for name, text in tool.files.items():
        (newcomer.checkout / name).write_text(text)
    site = DemoSite(articles=60, seed=1, sections=("analytics",))
    log = folder / "requests.jsonl"
    with running(site, port=80, log=log):
        site.base_url = f"http://{tool.host}"
        truth = [page for page in site.truth() if page["layout"] == "new" or tool.site]
        (page,) = [each for each in truth if each["headline"].startswith(HEADLINE)]
        path = page["url"].removeprefix(f"{site.base_url}/")
        subprocess.run(["curl", "--silent", "--output", newcomer.checkout / "page.html", page["url"]], check=True)
        took = newcomer.attempt(tool.page.replace("PAGE", path))
        row: dict[str, Any] = {"page": took.clock, "page_cpu": took.cpu, "page_code": took.code}
        row["fields"] = [] if took.code else fields_in(plain(took.output), page)
        if took.code:
            row["page_error"] = took.output.strip().splitlines()[-1:]
        if tool.site:
            before = len(log.read_text().splitlines())
            took = newcomer.attempt(tool.site, LIMIT)
            documents = [plain(text) for text in stored(newcomer.checkout, tool.stored)]
            found = [each for each in truth if any(is_in(each, document) for document in documents)]
            row |= {"site": took.clock, "site_cpu": took.cpu, "site_code": took.code, "found": len(found)}
            row |= {"articles": len(truth), "documents": len(documents), "last": took.output.strip()[-300:]}
            row["requests"] = len(log.read_text().splitlines()) - before
    return row


def stored(folder: Path, patterns: tuple[str, ...]) -> Iterator[str]:
    for pattern in patterns:
        base = folder
        if pattern.startswith("../"):
            base, pattern = folder.parent, pattern.removeprefix("../")
        for path in base.glob(pattern):
            text = path.read_text("utf-8", errors="replace")
            if path.suffix in (".json", ".jsonl"):
                lines = text.splitlines() if path.suffix == ".jsonl" else [text]
                yield from (json.dumps(json.loads(line), ensure_ascii=False) for line in lines)
            else:
                yield text


def plain(text: str) -> str:
    """Text whose white space and quotation marks do not matter."""
    if text.startswith("{"):
        text = json.dumps(json.JSONDecoder().raw_decode(text)[0], ensure_ascii=False)
    return re.sub(r"(\\n|\\\"|[\s\"'’‘“”\\])+", " ", text)


def is_in(page: dict[str, Any], document: str) -> bool:
    return all(plain(each).strip() in document for each in (page["headline"], page["body"].splitlines()[-1]))


def fields_in(output: str, page: dict[str, Any]) -> list[str]:
    """The fields of the page that an output has. Times may be in UTC or in local time."""
    paragraphs = [each for each in page["body"].splitlines() if each.strip()]
    times = [
        f"{page[name][:10]}{between}{page[name][11:16]}"
        for name in ("published_at", "published_local")
        for between in "T "
    ]
    checks = {
        "headline": plain(page["headline"]).strip() in output,
        "subtitle": plain(page["subtitle"] or "?").strip() in output,
        "day": page["published_local"][:10] in output,
        "time": any(each in output for each in times),
        "author": all(each in output for each in page["authors"]),
        "views": bool(re.search(rf"\b{page['views_shown'] or page['views']}\b", output)),
        "text": sum(plain(each).strip() in output for each in paragraphs) / len(paragraphs) > 0.95,
    }
    return [name for name, is_there in checks.items() if is_there]


def use_alone(name: str, folder: Path) -> dict[str, Any]:
    """:func:`use` in namespaces of its own."""
    command = [sys.executable, "-m", "benchmarks.first_minutes", "--use", name, "--folder", str(folder)]
    done = subprocess.run(["unshare", "--mount", "--net", *command], check=True, capture_output=True, text=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def take_network_away(folder: Path) -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    (folder / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n")
    subprocess.run(["mount", "--bind", folder / "hosts", "/etc/hosts"], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tools", nargs="*", help="only these")
    parser.add_argument("--use", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="keep the environments here, and use those that are there")
    options = parser.parse_args()
    tools = {tool.name: tool for tool in TOOLS}
    if options.use:
        take_network_away(options.folder)
        print(json.dumps(use(tools[options.use], options.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="caliber-first-minutes-") as name:
        parent = options.folder or Path(name)
        parent.mkdir(exist_ok=True)
        parent.chmod(0o755)
        rows = {}
        for each in options.tools or tools:
            folder = parent / each.replace(" ", "-")
            if not folder.exists():
                row = install(tools[each], folder)
                (folder / "row.json").write_text(json.dumps(row))
            rows[each] = json.loads((folder / "row.json").read_text()) | use_alone(each, folder)
            print(json.dumps({each: rows[each]}), file=sys.stderr)
    print(table(rows))


def table(rows: dict[str, dict[str, Any]]) -> str:
    """The rows as a Markdown table, a column for each tool."""
    lines = {
        "installation: seconds, of CPU time": lambda row: f"{row['install']:.0f}, {row['install_cpu']:.0f}",
        "packages, MB": lambda row: f"{row['packages']}, {row['megabytes']} MB",
        "needed as well": lambda row: f"`{row['fix']}`" if "fix" in row else "–",
        "the page: CPU seconds": lambda row: f"{row['page_cpu']:.1f}",
        "found on the page": lambda row: ", ".join(row["fields"]) or "–",
        "the site: seconds, of CPU time": lambda row: (
            f"{row['site']:.0f}, {row['site_cpu']:.0f}" if "site" in row else "–"
        ),
        "articles of the site with their text": lambda row: (
            f"{row['found']} of {row['articles']}" if "site" in row else "–"
        ),
        "requests": lambda row: str(row.get("requests", "–")),
    }
    text = [f"| | {' | '.join(rows)} |", "|---" * (len(rows) + 1) + "|"]
    return "\n".join([*text, *(f"| {name} | {' | '.join(map(cell, rows.values()))} |" for name, cell in lines.items())])


if __name__ == "__main__":
    os.nice(5)
    main()
