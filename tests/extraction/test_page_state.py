"""Links in the JSON state of a page that a script draws."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from caliber_crawler.extraction.page_state import MAX_LINKS, MAX_STATE, linked_state

POST = {"id": 7, "title": "The bridge opens again", "slug": "bridge", "url": "/news/bridge", "image": "/i/7.jpg"}
AS_JSON = ' type="application/json"'
LINK = '<h2><a href="/news/bridge">The bridge opens again</a></h2>'


def found(script: str, kind: str = "") -> str:
    return linked_state(html.fromstring(f"<html><body><div id=app></div><script{kind}>{script}</script></body></html>"))


@pytest.mark.parametrize(
    "script", ["window.__STATE__ = {};", "window.__INITIAL_STATE__={}", "self.state.page = {};\nrun();", "var_1 = {}"]
)
def test_a_state_that_a_script_assigns(script: str) -> None:
    assert found(script.replace("{}", json.dumps({"posts": [POST]}))) == LINK


def test_a_state_in_a_script_of_json() -> None:
    state = json.dumps({"props": {"pageProps": {"list": {"items": [POST, POST], "nextUrl": "/page/2"}}}})
    assert found(state, ' type="application/json" id="__NEXT_DATA__"') == (
        '<p><a rel="next" href="/page/2">Next</a></p>' + LINK
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "Short", "url": "/news/bridge"},
        {"title": "The bridge opens again", "url": "bridge"},
        {"title": "The bridge opens again", "imageUrl": "/i/7.jpg"},
        {"title": 7, "url": "/news/bridge"},
        {"url": "/news/bridge"},
    ],
)
def test_objects_without_a_title_and_a_url_are_no_links(fields: dict[str, object]) -> None:
    assert found(json.dumps(fields), AS_JSON) == ""


@pytest.mark.parametrize("script", ["", "{", "run({})", "x = 5", "window.a = {'single': 1}", "[" * 100_000])
def test_scripts_without_a_state(script: str) -> None:
    assert found(script) == ""
    assert found(script, AS_JSON) == ""


def test_the_state_of_a_page_is_bounded() -> None:
    posts = [POST | {"url": f"/news/bridge-{n}"} for n in range(2 * MAX_LINKS)]
    assert found(json.dumps(posts), AS_JSON).count("<a ") == MAX_LINKS
    assert found(json.dumps([POST, "x" * MAX_STATE]), AS_JSON) == ""


@given(st.text(), st.text(min_size=12))
def test_titles_and_urls_are_text_and_not_markup(end: str, title: str) -> None:
    state = json.dumps({"posts": [{"url": f"/news/{end}", "title": title}]}).replace("<", "\\u003c")
    links = html.fromstring("<div>" + found(state, AS_JSON) + "</div>")
    assert {element.tag for element in links.iter()} <= {"div", "h2", "a"}
