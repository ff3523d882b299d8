"""The groups of a robots.txt that concern this crawler give the same rules as the whole file, in linear time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from caliber_crawler.robots_groups import decode_robots, own_groups

AGENT = "caliber_crawler"
AGENTS = ("*", AGENT, "Caliber_Crawler", "caliber", "cal*", "calibers", "crawler", "googlebot", "a", "other", "")
LINES = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(("User-agent: ", "user agent:", "Useragent ", " USER-AGENT : ", "User  agent ")),
        st.sampled_from(AGENTS),
        st.sampled_from(("", " ", " # comment")),
    ),
    st.builds(
        "{}: {}".format, st.sampled_from(("Allow", "Disallow")), st.sampled_from(("/", "/a", "/a/b", "/*b$", ""))
    ),
    st.sampled_from(("", "Crawl-delay: 7", "Sitemap: https://news.example/map.xml", "# comment", "nonsense")),
)


@given(lines=st.lists(LINES, max_size=12), path=st.sampled_from(("/", "/a", "/a/b", "/c/b")))
def test_the_selected_groups_have_the_same_rules(lines: list[str], path: str) -> None:
    text = "\n".join(lines)
    whole, own = Protego.parse(text), Protego.parse(own_groups(text, AGENT))
    url = f"https://news.example{path}"
    assert own.can_fetch(url, AGENT) == whole.can_fetch(url, AGENT)
    assert own.crawl_delay(AGENT) == whole.crawl_delay(AGENT)
    assert list(own.sitemaps) == list(whole.sitemaps)


@pytest.mark.parametrize(
    "name", ["caliber_crawler/1.0", "caliber_crawler (+https://news.example)", "CALIBER_CRAWLER/2"]
)
def test_an_agent_with_a_version_is_meant(name: str) -> None:
    rules = Protego.parse(own_groups(f"User-agent: {name}\nDisallow: /\n\nUser-agent: *\nAllow: /", AGENT))
    assert not rules.can_fetch("https://news.example/a", AGENT)


def test_thousands_of_agents_and_rules_take_linear_time() -> None:
    agents = "\n".join(f"User-agent: a{n}" for n in range(15_000))
    rules = "\n".join(f"Disallow: /{n}" for n in range(15_000))
    start = time.perf_counter()
    parsed = Protego.parse(own_groups(f"{agents}\nUser-agent: *\n{rules}", AGENT))
    assert not parsed.can_fetch("https://news.example/14999", AGENT)
    assert time.perf_counter() - start < 5


RULES = "User-agent: *\nDisallow: /a\n"


@pytest.mark.parametrize(
    "text",
    [
        RULES,
        "\ufeff" + RULES,
        "\u200b" + RULES,
        RULES.replace("\n", "\r"),
        RULES.replace("\n", "\r\n"),
        RULES.replace("*", "*\0"),
        RULES.replace("/a", "a"),
        RULES.replace("/a", "https://news.example/a"),
    ],
    ids=["plain", "mark", "zero width", "CR", "CRLF", "NUL", "no slash", "with host"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_rules_are_obeyed_in_every_form(text: str, encoding: str) -> None:
    rules = Protego.parse(own_groups(decode_robots(text.encode(encoding)), AGENT))
    assert not rules.can_fetch("https://news.example/a", AGENT)
    assert rules.can_fetch("https://news.example/b", AGENT)


@given(st.binary(max_size=200))
def test_any_bytes_are_rules(body: bytes) -> None:
    Protego.parse(own_groups(decode_robots(body), AGENT)).can_fetch("https://news.example/a", AGENT)
