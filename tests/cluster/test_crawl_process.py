"""Several sites in one process: they are independent, and a host is never crawled twice at the same time."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.commands.cli import main
from caliber_crawler.commands.crawl import worst
from caliber_crawler.known_sites import group_by_shared_host, known_sites
from tests.cluster.press import MODULE, serve_press
from tests.conftest import Result, command, environment, start

FAST = ("--delay", 0, "--concurrency", 8)


@given(st.lists(st.sets(st.integers(0, 9), min_size=1, max_size=3).map(lambda hosts: frozenset(map(str, hosts)))))
def test_sites_are_grouped_by_shared_hosts(sites: list[frozenset[str]]) -> None:
    groups = group_by_shared_host(sites, lambda site: site)
    assert sorted(map(sorted, (site for group in groups for site in group))) == sorted(map(sorted, sites))
    hosts = [frozenset().union(*group) for group in groups]
    assert sum(map(len, hosts)) == len(frozenset().union(*hosts)), "a host is in two groups"
    for group in groups:
        reached, left = set(group[0]), list(group[1:])
        while touching := [site for site in left if reached & site]:
            reached.update(*touching)
            left = [site for site in left if site not in touching]
        assert not left, "a group has sites without a shared host"


@pytest.mark.parametrize(
    ("codes", "code"), [((), 0), ((0, 0), 0), ((0, 3), 3), ((3, 14), 14), ((10, 10, 0), 10), ((10, 14), 1), ((1, 3), 1)]
)
def test_exit_code_of_several_crawls_is_the_worst(codes: tuple[int, ...], code: int) -> None:
    assert worst(codes) == code


def slugs(archive: Path, site: str) -> set[str]:
    with closing(sqlite3.connect(archive)) as connection:
        return {slug for (slug,) in connection.execute("select slug from articles where site = ?", (site,))}


@pytest.mark.slow
def test_failure_of_one_site_does_not_affect_the_others(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_press(tmp_path, 4) as press:
        gone = press.papers[0].base_url.rpartition(":")[0].replace("127.0.0.2", "127.0.0.99")
        with (tmp_path / f"{MODULE}.py").open("a") as module:
            module.write(
                "class Gone(NewsSpider):\n    name = 'gone'\n"
                f"    site = replace(CaliberSpider.site, name='gone', base_url='{gone}:9', hosts=())\n"
            )
        result = caliber("crawl", "--all", "--archive", archive, *FAST, "--json", **press.variables)
        truth = {paper.name: paper.truth() for paper in press.papers}
    accounts = {account["site"]: account for account in result.json}
    assert accounts.keys() == {*known_sites(), *truth, "gone"}
    assert {name: accounts[name]["outcome"] for name in truth} == dict.fromkeys(truth, "finished")
    assert {name: slugs(archive, name) for name in truth} == truth
    assert accounts["gone"]["outcome"] == "failed"
    assert "127.0.0.99:9" in result.stderr
    assert all(accounts[name]["outcome"] is None for name in known_sites()), (
        "real sites are not crawled without a contact"
    )
    assert "caliber.az must be able to contact you" in result.stderr
    assert result.exit_code == 1, "two different failures"
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_sites_are_crawled_in_parallel_but_a_shared_host_one_at_a_time(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    with serve_press(tmp_path, 2, latency=0.05) as press:
        shared, other = press.papers
        with (tmp_path / f"{MODULE}.py").open("a") as module:
            module.write(
                "class Again(NewsSpider):\n    name = 'again'\n"
                f"    site = replace(CaliberSpider.site, name='again', base_url='{shared.base_url}', hosts=())\n"
            )
        arguments = ("--archive", tmp_path / "a.db", "--delay", 0.2)
        result = caliber("crawl", shared.name, "again", other.name, *arguments, **press.variables)
    assert result.exit_code == 0, result.stderr
    assert f"{other.name}: Run " in result.stdout
    assert all(request["in_flight"] == 1 for request in shared.requests())
    times = [datetime.fromisoformat(request["time"]) for request in shared.requests()]
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    # A busy server may log a request late, so only a short minimum and the sum of the delays are checked.
    assert min(gaps) > 0.03
    assert sum(gaps) > 0.9 * 0.2 * len(gaps)
    others = [datetime.fromisoformat(request["time"]) for request in other.requests()]
    assert times[0] < others[-1]
    assert others[0] < times[-1], "the other site was not crawled in parallel"


@pytest.mark.slow
def test_interrupt_stops_all_sites_cleanly(tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_press(tmp_path, 3) as press:
        names = [paper.name for paper in press.papers]
        with (tmp_path / "stdout").open("wb") as stdout, (tmp_path / "stderr").open("wb") as stderr:
            arguments = ("crawl", *names, "--archive", archive, "--parallel", 2)
            process = start(*arguments, stdout=stdout, stderr=stderr, **press.variables)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not all(paper.requests() for paper in press.papers[:2]):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=40) == 1
    output, errors = (tmp_path / "stdout").read_text(), (tmp_path / "stderr").read_text()
    assert "Traceback" not in errors
    assert output.count(" stopped: stopped early (shutdown)") == 2, output + errors
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select outcome from runs").fetchall() == [("stopped",)] * 2


@pytest.mark.slow
def test_watch_crawls_several_sites(tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_press(tmp_path, 2, 3) as press:
        names = [paper.name for paper in press.papers]
        arguments = ("watch", *names, "--archive", archive, "--every", 60, *FAST)
        process = subprocess.Popen(
            command(*arguments), env=environment(**press.variables), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            assert process.stderr is not None
            assert b"the crawl ended with exit code 0" in process.stderr.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(45) == 0
        finally:
            process.kill()
            process.communicate()
        assert {name: slugs(archive, name) for name in names} == {paper.name: paper.truth() for paper in press.papers}


def test_all_and_a_site_name_exclude_each_other() -> None:
    result = CliRunner().invoke(main, ["crawl", "caliber", "--all"])
    assert result.exit_code == 2
    assert "--all" in result.output
