"""Field coverage: the counts that reveal a redesign."""

from itemadapter import ItemAdapter

from caliber_crawler.crawling.field_coverage import FieldCoverage


def article(**fields: object) -> ItemAdapter:
    names = ("headline", "subtitle", "body", "published_at", "authors", "section", "views", "signature", "cover_image")
    return ItemAdapter(dict.fromkeys(names) | fields)


def coverage_of(*extractions: tuple[dict[str, object], dict[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
    coverage = FieldCoverage("caliber")
    for fields, methods in extractions:
        coverage.count("new", article(**fields), methods)
    return {(field, method): (pages, filled) for _, _, field, method, pages, filled in coverage.rows()}


def test_coverage_is_counted_by_field_and_method() -> None:
    rows = coverage_of(({"headline": "One"}, {"headline": "selector"}), ({"headline": "Two"}, {"headline": "text"}))
    assert rows["headline", "selector"] == (2, 1)
    assert rows["headline", "text"] == (2, 1)


def test_an_empty_field_has_no_method() -> None:
    rows = coverage_of(({"authors": ()}, {}), ({"authors": ("Murad Abiyev",)}, {"authors": "text"}))
    assert rows["authors", ""] == (2, 0)
    assert sum(filled for (field, _), (_, filled) in rows.items() if field == "authors") == 1


def test_zero_views_count_as_found() -> None:
    assert coverage_of(({"views": 0}, {"views": "selector"}))["views", "selector"] == (1, 1)
