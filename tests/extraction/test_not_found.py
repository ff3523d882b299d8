"""Soft 404s: a title or heading says, in any language, that a page does not exist."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.non_articles import classify
from caliber_crawler.extraction.not_found import NOT_FOUND, says_not_found
from caliber_crawler.items import Capture
from caliber_crawler.site.generic import generic_site

URL = "https://news.example/2026/01/07/mountain-road-to-open-again"
SENTENCE = {
    "de": "Seite nicht gefunden", "fr": "Page introuvable", "es": "Página no encontrada", "tr": "Sayfa bulunamadı",
    "az": "Səhifə tapılmadı", "ru": "Страница не найдена", "uk": "Сторінку не знайдено", "hy": "Էջը չի գտնվել",
    "ka": "გვერდი ვერ მოიძებნა", "fa": "صفحه یافت نشد", "ar": "الصفحة غير موجودة", "zh": "页面不存在",
    "ja": "ページが見つかりません",
    "ko": "페이지를 찾을 수 없습니다", "pl": "Nie znaleziono strony",
    "pt": "Página não encontrada", "kk": "Бет табылмады", "en": "Sorry, that page doesn’t exist",
    "it": "Pagina non trovata", "hu": "Az oldal nem található",
    "cs": "Stránka nenalezena", "nl": "Pagina niet gevonden", "he": "הדף לא נמצא", "vi": "Không tìm thấy trang",
}  # fmt: skip


def kind(head: str, body: str, encoding: str = "utf-8") -> str | None:
    source = f"<html><head>{head}</head><body>{body}</body></html>".encode(encoding)
    capture = Capture(
        site="news.example", url=URL, fetched_at=datetime(2026, 1, 7, tzinfo=UTC), status=200, body=source,
        headers=(("Content-Type", f"text/html; charset={encoding}"),),
    )  # fmt: skip
    problem = classify(capture, generic_site(URL))
    return problem.reason if problem else None


@pytest.mark.parametrize("sentence", SENTENCE.values(), ids=SENTENCE)
def test_a_title_or_heading_says_that_a_page_does_not_exist(sentence: str) -> None:
    assert kind(f"<title>{sentence} | Daily Pass</title>", "<p>Sorry.</p>") == "soft_404"
    assert kind(f"<title>Daily Pass - {sentence}</title>", "<p>Sorry.</p>") == "soft_404"
    assert kind("<title>Daily Pass</title>", f"<h1 class='x'>{sentence}</h1><p>Sorry.</p>") == "soft_404"


def test_the_title_counts_in_the_encoding_of_its_page() -> None:
    assert kind("<title>Страница не найдена</title>", "<p>Увы.</p>", "windows-1251") == "soft_404"


@pytest.mark.parametrize(
    "headline",
    [
        "Missing tourist not found after three days of search", "Пропавший турист не найден на четвёртый день поисков",
        "Kayıp dağcı üç gündür bulunamadı", "İtkin düşən alpinist tapılmadı",
        "Der vermisste Wanderer wurde nicht gefunden",
        "El montañero desaparecido no existe, dice la policía", "失踪登山者仍未找到，搜救工作将继续进行",
        "Flight 4041 lands", "404 people infected in Baku", "В Азербайджане 404 новых случая", "Peugeot 404",
        "A border that does not exist, says president", "Bus 404 runs again", "404 gün sonra", "404人感染",
    ],
)  # fmt: skip
def test_news_of_something_that_was_not_found_is_an_article(headline: str) -> None:
    assert kind(f"<title>{headline} | Daily Pass</title>", f"<h1>{headline}</h1><p>The search goes on.</p>") is None


@given(st.sampled_from(sorted(NOT_FOUND)), st.data(), st.sampled_from(["404", "Error 404: ", "404 – "]))
def test_every_phrase_and_the_number_count(language: str, data: st.DataObject, number: str) -> None:
    phrase = data.draw(st.sampled_from(NOT_FOUND[language].split("|")))
    assert says_not_found(phrase)
    assert says_not_found(f"{number} {phrase}")


@given(st.text(max_size=300))
def test_any_title_is_accepted(title: str) -> None:
    assert says_not_found(title) in (True, False)
