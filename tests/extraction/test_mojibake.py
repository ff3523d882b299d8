import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction import check, extract_page
from caliber_crawler.extraction.mojibake import is_mojibake, repair
from tests.extraction.pages import READ_AT, capture_of, site_named

SITE = site_named("caliber")
SOUND = [
    "Baku’s “geopolitical” formula — and a €uro",
    "Путь Баку, ультиматум Москвы и «паника» Парижа — так",
    "Հայաստանում ԱՄՆ-ի դեսպանատունը չկարողացավ հերքել",
    "Həyatın ən çətin ili: ışıq, İğdır, şəhər",
    "São Paulo, Ñandú, Âncora, ÉTÉ, Ångström, Über, Õpetaja",
    "Рёв моторов. С° и Р° не встречаются. Съезд: Ёлка",
]


@pytest.mark.parametrize(
    ("text", "taken_for"),
    [*((text, "latin-1") for text in SOUND[:4]), *((text, "cp1251") for text in SOUND[:2]), ("It’s — so", "cp1252")],
)
def test_mojibake_is_repaired(text: str, taken_for: str) -> None:
    broken = text.encode().decode(taken_for, errors="strict")
    assert repair(f"<p>{broken}</p>\n<p>{text}</p>") == f"<p>{text}</p>\n<p>{text}</p>"


@pytest.mark.parametrize("text", SOUND)
def test_valid_text_stays_unchanged(text: str) -> None:
    assert repair(text) == text
    assert not is_mojibake(text)


CYRILLIC = bytes(range(256)).decode("cp1251", errors="ignore")


@given(st.text(alphabet=CYRILLIC) | st.text(alphabet="abc ñáéâÂÃ«»’“—ə", max_size=40))
def test_ordinary_letters_of_one_alphabet_are_never_damaged(text: str) -> None:
    assert repair(text) == text or is_mojibake(text)


def post(headline: str) -> str:
    return (
        f'<div class="post"><h1 class="post_title">{headline}</h1><div class="post_time">06 Января 2026 19:13</div>'
        '<div class="post_body"><p>Первый абзац статьи, в котором всё в порядке.</p></div></div>'
    )


def test_a_headline_with_mojibake_is_repaired() -> None:
    broken = "Путь Баку — и паника".encode().decode("latin-1")
    article = extract_page(capture_of(post(broken)), SITE).article
    assert article.headline == "Путь Баку — и паника"


def test_mojibake_that_cannot_be_repaired_is_reported() -> None:
    lost = "Сегодня самое главное".encode().decode("cp1252", errors="replace")
    extraction = extract_page(capture_of(post(lost)), SITE)
    assert "\ufffd" in extraction.article.headline
    assert "mojibake" in [problem.reason for problem in check(extraction, SITE, READ_AT)]
