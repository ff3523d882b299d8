from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.differences import changes_only, line_differences, text_differences

paragraphs = st.lists(
    st.text(st.sampled_from("абв Baku,.’\n-և"), min_size=1, max_size=30).map(lambda text: re.sub(r"\n+", "\n", text)),
    max_size=6,
).map(lambda texts: [text.strip("\n") for text in texts if text.strip("\n")])


def mark_differences(old: str, new: str) -> list[str]:
    signs = {"same": "{}", "added": "[+{}+]", "removed": "[-{}-]"}
    return [
        "".join(signs[piece.kind].format(piece.text) for piece in paragraph.pieces)
        for paragraph in text_differences(old, new)
    ]


@given(paragraphs, paragraphs)
def test_differences_contain_both_texts(old: list[str], new: list[str]) -> None:
    found = text_differences("\n\n".join(old), "\n\n".join(new))
    # White space is not compared.
    before = ["".join(piece.text for piece in paragraph.old) for paragraph in found if paragraph.old]
    after = ["".join(piece.text for piece in paragraph.new) for paragraph in found if paragraph.new]
    assert ["".join(text.split()) for text in before] == ["".join(text.split()) for text in old]
    assert after == new


@given(paragraphs)
def test_equal_texts_have_no_differences(text: list[str]) -> None:
    assert changes_only(text_differences("\n\n".join(text), "\n\n".join(text))) == []


def test_differences_are_marked_by_word() -> None:
    assert mark_differences("The ministers met in Baku.", "The ministers talked in Baku.") == [
        "The ministers [-met -][+talked +]in Baku."
    ]


def test_armenian_and_russian_texts_are_split_into_words() -> None:
    assert mark_differences("Նախարարները հանդիպեցին Բաքվում։", "Նախարարները հանդիպեցին Երևանում։") == [
        "Նախարարները հանդիպեցին [-Բաքվում-][+Երևանում+]։"
    ]
    assert mark_differences("Министр сказал о санкциях.", "Министр не сказал о санкциях.") == [
        "Министр [+не +]сказал о санкциях."
    ]


def test_an_added_paragraph_does_not_affect_its_neighbours() -> None:
    old = "The first one stays.\n\nThe second one stays."
    assert mark_differences(old, "The first one stays.\n\nThis is new.\n\nThe second one stays.") == [
        "The first one stays.",
        "[+This is new.+]",
        "The second one stays.",
    ]


def test_paragraphs_without_common_words_are_not_paired() -> None:
    assert mark_differences("Grain prices fell.", "Tomorrow it rains everywhere") == [
        "[-Grain prices fell.-]",
        "[+Tomorrow it rains everywhere+]",
    ]


def test_a_changed_paragraph_is_paired_after_a_removed_one() -> None:
    old = "Nothing like it here at all.\n\nThe minister said five words today."
    assert mark_differences(old, "The minister said six words today.") == [
        "[-Nothing like it here at all.-]",
        "The minister said [-five -][+six +]words today.",
    ]


def test_an_empty_line_is_added_or_removed() -> None:
    assert line_differences("", "New").kind == "added"
    assert line_differences("Old", "").kind == "removed"
    assert line_differences("", "").kind == "same"


def test_long_texts_are_compared_in_bounded_time() -> None:
    old = "\n\n".join(" ".join(f"word{n % 7}" for n in range(3000)) for _ in range(3))
    new = "\n\n".join(" ".join(f"word{n % 5}" for n in range(3000)) for _ in range(3))
    started = time.perf_counter()
    text_differences(old, new)
    text_differences("a b\n\n" * 3000, "b a\n\n" * 3000)
    assert time.perf_counter() - started < 20
