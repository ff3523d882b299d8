import pytest
from lxml import etree

from caliber_crawler.extraction.headline import split_heading, subtitle_below


@pytest.mark.parametrize(
    ("heading", "headline", "subtitle"),
    [
        ("Headline", "Headline", None),
        ("Headline <span>Subtitle</span>", "Headline", "Subtitle"),
        ("Headline<small> Subtitle </small>", "Headline", "Subtitle"),
        ("Headline<br>Subtitle", "Headline", "Subtitle"),
        ("Headline<br><em>Subtitle</em>", "Headline", "Subtitle"),
        ("Headline<br><br><span>Subtitle</span>", "Headline", "Subtitle"),
        ("<span>Headline</span><span>Subtitle</span>", "Headline", "Subtitle"),
        ("<span>Headline</span>", "Headline", None),
        ("<a href='/'>Headline <span>Subtitle</span></a>", "Headline", "Subtitle"),
        ("Headline <span>One</span> <span>Two</span>", "Headline", "One Two"),
        ("A <i>b</i> <span>c</span> d <span>Subtitle</span>", "A b c d", "Subtitle"),
        ("<span>LIVE</span> Headline", "LIVE Headline", None),
        ("Why <i>Hamlet</i> matters", "Why Hamlet matters", None),
        ("Why we read <b>Hamlet</b>", "Why we read Hamlet", None),
        ("Cal<b>i</b>ber", "Caliber", None),
        ("Two  blanks and “one quote", "Two blanks and “one quote", None),
        ("<br>Headline<br>", "Headline", None),
        ("", "", None),
        ("<br>", "", None),
    ],
)
def test_a_heading_gives_its_headline_and_subtitle(heading: str, headline: str, subtitle: str | None) -> None:
    element = etree.HTML(f"<h1>{heading}</h1>").find(".//h1")
    assert element is not None
    assert split_heading(element) == (headline, subtitle)


@pytest.mark.parametrize(
    ("below", "subtitle"),
    [
        ("<h2>Subtitle</h2>", "Subtitle"),
        ("<p class='article-subtitle'>Subtitle</p>", "Subtitle"),
        ("<p class='standfirst'>Subtitle</p>", "Subtitle"),
        ("<p class='misleading'>Text</p>", None),
        ("<p>Text</p>", None),
        ("<h2> </h2>", None),
        ("", None),
    ],
)
def test_a_subtitle_may_follow_the_heading(below: str, subtitle: str | None) -> None:
    assert subtitle_below(etree.HTML(f"<h1>Headline</h1>{below}").find(".//h1")) == subtitle


def test_without_a_heading_there_is_no_subtitle_below_it() -> None:
    assert subtitle_below(None) is None
