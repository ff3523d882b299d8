"""How full each field was: the numbers a redesign is noticed by."""

from itemadapter import ItemAdapter

from caliber_crawler.crawling.field_coverage import FieldCoverage


def article(**fields: object) -> ItemAdapter:
    names = ("headline", "subtitle", "body", "published_at", "authors", "section", "views", "signature", "cover_image")
    return ItemAdapter(dict.fromkeys(names) | fields)


def counted(*extractions: tuple[dict[str, object], dict[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
    coverage = FieldCoverage("caliber")
    for fields, methods in extractions:
        coverage.count("new", article(**fields), methods)
    return {(field, method): (pages, filled) for _, _, field, method, pages, filled in coverage.rows()}


def test_a_field_is_as_full_as_the_pages_that_have_it() -> None:
    rows = counted(({"headline": "One"}, {"headline": "selector"}), ({"headline": "Two"}, {"headline": "text"}))
    assert rows["headline", "selector"] == (2, 1)
    assert rows["headline", "text"] == (2, 1)


def test_an_empty_field_was_given_by_nothing() -> None:
    rows = counted(({"authors": ()}, {}), ({"authors": ("Murad Abiyev",)}, {"authors": "text"}))
    assert rows["authors", ""] == (2, 0)
    assert sum(filled for (field, _), (_, filled) in rows.items() if field == "authors") == 1


def test_zero_views_are_views() -> None:
    assert counted(({"views": 0}, {"views": "selector"}))["views", "selector"] == (1, 1)
