"""The codebook: read from TOML, and kept in the archive."""

from __future__ import annotations

from pathlib import Path

import pytest

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.coding import Variable, read_codebook
from caliber_crawler.errors import CodingError, InputError
from tests.coding.conftest import ACTORS, REMARK, TONE

TOML = """
[tone]
label = "How does it speak?"
codes = ["positive", "neutral", "negative"]
[actors]
codes = ["government", "EU", "Russia"]
several = true
[remark]
"""


def test_a_codebook_is_a_table_for_each_variable(tmp_path: Path) -> None:
    (tmp_path / "book.toml").write_text(TOML, "utf-8")
    assert read_codebook(tmp_path / "book.toml") == [TONE, ACTORS, REMARK]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("", "has no variables"),
        ("[tone", "is not a codebook: "),
        ("tone = 1", "variable 'tone': write [tone] on a line of its own"),
        ("[Tone]", "variable 'Tone': a name has"),
        ("[text]", "variable 'text': a coding sheet has a column of that name already"),
        ("[tone]\ncode = ['a']", "'code' is not a field; use label, codes and several"),
        ("[tone]\ncodes = 'a'", "codes must be a list"),
        ("[tone]\ncodes = ['a', ' ']", "codes must be a list"),
        ("[tone]\ncodes = ['a', 'A']", "a code is listed twice"),
        ("[tone]\ncodes = ['a;b']\nseveral = true", "the code 'a;b' has a ;"),
        ("[tone]\nseveral = 1", "several must be true or false"),
        ("[tone]\nlabel = 1", "label must be text"),
    ],
)
def test_a_mistake_in_a_codebook_is_named(tmp_path: Path, toml: str, message: str) -> None:
    path = tmp_path / "book.toml"
    path.write_text(toml, "utf-8")
    with pytest.raises(CodingError) as caught:
        read_codebook(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_missing_codebook_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"book\.toml cannot be read: No such file"):
        read_codebook(tmp_path / "book.toml")


def test_codes_may_be_numbers_below_zero(tmp_path: Path) -> None:
    (tmp_path / "book.toml").write_text("[tone]\ncodes = [-1, 0, 1]", "utf-8")
    (variable,) = read_codebook(tmp_path / "book.toml")
    assert variable.codes == ("-1", "0", "1")


def test_a_code_is_recognised_in_any_case_and_spacing() -> None:
    assert TONE.code("Negative") == "negative"
    assert TONE.code("bad") is None
    assert ACTORS.parts(" EU ;  government;EU; ") == ["EU", "government"]
    assert REMARK.parts("a; b") == ["a; b"]


def test_the_archive_keeps_the_codebook(archive: Archive) -> None:
    assert archive.coding.codebook() == [ACTORS, REMARK, TONE]


def test_a_codebook_must_keep_the_codes_that_articles_have(archive: Archive) -> None:
    (unit,) = archive.coding.sample(1, seed=1).units
    row = {"unit": unit["unit"], "url": unit["url"], "tone": "positive"}
    assert archive.coding.import_codes(list(row), [row], coder="Aida").stored == 1
    with pytest.raises(CodingError, match="has 1 code 'positive' of 'tone'"):
        archive.coding.replace_codebook([Variable(name="tone", codes=("negative",))])
    archive.coding.replace_codebook([Variable(name="tone", codes=("positive", "mixed"))])
    assert [variable.codes for variable in archive.coding.codebook()] == [("positive", "mixed")]
