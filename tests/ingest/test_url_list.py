"""URL lists: which files are lists, and the URLs in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.ingest import parse_url_list, url_list
from tests.properties import examples

A, B = "https://caliber.az/en/post/a", "http://caliber.az/post/b"


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        (A, [A]),
        (f"{A}\n{B}\n", [A, B]),
        (f"\ufeff{A}\r\n\r\n  {B}  \r\n", [A, B]),
        (f"# comment\n{B}\n#{A}\n{A}\n{B}\n", [B, A]),
        ("", None),
        ("# only a comment\n", None),
        (f"{A}\nA sentence.\n", None),
        (f"{A} and more\n", None),
        ("ftp://caliber.az/en/post/a\n", None),
        ("HTTPS is a protocol.\n", None),
    ],
)
def test_a_file_with_one_url_per_line_is_a_url_list(tmp_path: Path, text: str, urls: list[str] | None) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(text.encode())
    assert parse_url_list(path) == urls


def test_a_file_that_is_not_utf_8_is_not_a_url_list(tmp_path: Path) -> None:
    path = tmp_path / "urls.txt"
    path.write_bytes(A.encode() + b"\n\xff\xfe\n")
    assert parse_url_list(path) is None


@pytest.mark.parametrize(("over", "is_list"), [(0, True), (1, False)])
def test_a_file_beyond_the_size_limit_is_not_a_url_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, over: int, is_list: bool
) -> None:
    path = tmp_path / "urls.txt"
    path.write_text(A)
    monkeypatch.setattr(url_list, "MAX_BYTES", len(A) - over)
    assert (parse_url_list(path) is not None) is is_list


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(30))
@given(numbers=st.lists(st.integers(0, 20), min_size=1))
def test_each_url_of_a_list_is_given_once_in_order(tmp_path: Path, numbers: list[int]) -> None:
    path = tmp_path / "urls.txt"
    path.write_text("\n".join(f"{A}-{number}" for number in numbers))
    assert parse_url_list(path) == [f"{A}-{number}" for number in dict.fromkeys(numbers)]
