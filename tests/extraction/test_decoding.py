import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction.decoding import BROKEN_SHARE, _is_damaged_utf8, as_utf8, decode, looks_binary

RUSSIAN = "<p>Баку и Ереван подошли к рубежу, за которым соглашение становится делом ближайших месяцев.</p>" * 3


@given(st.text())
def test_utf8_is_decoded_under_any_declaration(text: str) -> None:
    assert decode(text.encode(errors="ignore"), "text/html; charset=windows-1251").removeprefix(
        "\ufeff"
    ) == text.encode(errors="ignore").decode().removeprefix("\ufeff")


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r", "iso-8859-5"])
def test_the_header_counts_if_the_bytes_agree(charset: str) -> None:
    assert decode(RUSSIAN.encode(charset), f"text/html; charset={charset}") == RUSSIAN


def test_the_page_s_declaration_counts_if_the_header_is_wrong() -> None:
    page = '<meta charset="windows-1251">' + RUSSIAN
    assert decode(page.encode("windows-1251"), "text/html; charset=utf-8") == page


def test_an_undeclared_character_set_is_detected() -> None:
    assert decode(RUSSIAN.encode("windows-1251")) == RUSSIAN


def test_a_byte_order_mark_takes_precedence() -> None:
    assert decode(RUSSIAN.encode("utf-16"), "text/html; charset=utf-8") == RUSSIAN


def test_one_invalid_byte_loses_one_character() -> None:
    body = RUSSIAN.encode().replace("рубежу".encode(), b"\xd1" + "убежу".encode(), 1)
    assert decode(body, "text/html; charset=utf-8") == RUSSIAN.replace("рубежу", "\ufffdубежу", 1)


@pytest.mark.parametrize(
    ("language", "encoding", "text"),
    [
        ("tr", "windows-1254", "Dağ yolu yeniden açılıyor, köylüler on bir yıl bekledi; şoförler İzmir’e gidiyor."),
        ("es", "windows-1252", "La carretera de montaña reabrirá en otoño; ¿cuándo?, preguntó un pingüino."),
        ("fr", "iso-8859-1", "La route rouvrira à l'été, après onze années ; où êtes-vous, Noël ?"),
        ("de", "windows-1252", "Die Straße wird „wieder“ geöffnet, Ämter dürfen prüfen."),
        ("pl", "iso-8859-2", "Droga górska zostanie znów otwarta, mieszkańcy czekali jedenaście lat; źródło łaźni."),
        ("pl", "windows-1250", "Droga górska zostanie znów otwarta, mieszkańcy czekali jedenaście lat; źródło łaźni."),
        ("cs", "windows-1250", "Horská silnice se znovu otevře, vesničané čekali jedenáct let; žluťoučký kůň."),
        ("hu", "iso-8859-2", "A hegyi út újra megnyílik, a falusiak tizenegy évet vártak; őrült tűz."),
        ("lt", "windows-1257", "Kalnų kelias vėl bus atidarytas, gyventojai laukė vienuolika metų; ąžuolų šaknys."),
    ],
)
def test_an_undeclared_encoding_of_a_language_in_latin_letters_is_known_by_its_letters(
    language: str, encoding: str, text: str
) -> None:
    page = f'<!DOCTYPE html>\n<html class="x" lang="{language}"><body><p>{text}</p></body></html>'
    assert decode(page.encode(encoding)) == page


def test_the_language_alone_does_not_decide_an_encoding() -> None:
    page = f'<html lang="de"><body>{RUSSIAN}</body></html>'
    assert decode(page.encode("windows-1251")) == page


@pytest.mark.parametrize("wrong", ["utf-16", "UTF-16LE", "utf-16be", "utf-32", "UCS-2", "ibm037", "cp500", "cp1026"])
@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
def test_a_declaration_that_the_markup_contradicts_is_ignored(wrong: str, charset: str) -> None:
    for page in (RUSSIAN, RUSSIAN + " "):  # one of the two has an even number of bytes, as UTF-16 has
        assert decode(page.encode(charset), f"text/html; charset={wrong}") == page
        in_page = f'<meta charset="{charset}">{page}'
        assert decode(in_page.encode(charset), f"text/html; charset={wrong}") == in_page


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", ["", "\n ", "<!DOCTYPE html>"])
def test_markup_in_utf16_needs_no_mark(codec: str, before: str) -> None:
    page = f"{before}<html><body>{RUSSIAN}</body></html>"
    for content_type in (None, "text/html; charset=utf-8"):
        assert decode(page.encode(codec), content_type) == page
        assert as_utf8(page.encode(codec), content_type) == page.encode()
    assert not looks_binary(page.encode(codec))


def test_an_unknown_character_set_name_is_ignored() -> None:
    assert decode(RUSSIAN.encode(), "text/html; charset=wrong") == RUSSIAN


@pytest.mark.parametrize("body", [b"%PDF-1.7 text", b"\x89PNG\r\n\x1a\n", b"SQLite format 3\x00", bytes(range(256))])
def test_binary_content_is_recognised_by_its_bytes(body: bytes) -> None:
    assert looks_binary(body)


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), min_size=1))
def test_text_is_never_taken_for_binary(text: str) -> None:
    if not text.startswith(("%PDF-", "GIF8", "RIFF")):
        assert not looks_binary(text.encode())


def test_a_page_is_turned_into_utf8_without_a_mark() -> None:
    plain = "Բաքու, Баку".encode()
    assert as_utf8(plain) == plain
    assert as_utf8(b"\xef\xbb\xbf" + plain) == plain
    assert as_utf8("Баку".encode("cp1251"), "text/html; charset=windows-1251") == "Баку".encode()


@pytest.mark.parametrize(
    ("letters", "more", "damaged"), [(1_000, 0, True), (1_000, 1, False), (0, 0, True), (0, 1, False)]
)
def test_utf8_may_have_a_small_share_of_invalid_bytes(letters: int, more: int, damaged: bool) -> None:
    invalid = b"\xff" * (int(letters * BROKEN_SHARE) + more)
    assert _is_damaged_utf8(b"<p>" + "я".encode() * letters + invalid) is damaged
