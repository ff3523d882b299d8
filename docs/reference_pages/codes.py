"""Exit codes, and reason codes with their remedies."""

from __future__ import annotations

from collections import defaultdict

from caliber_crawler import errors, reasons
from docs.reference_pages.markdown import cell, code, table

EXIT_CODES = """# Codes

## Exit codes

Every command ends with one of these, and every error is a sentence on stderr. In Python, the same errors are exceptions
of `caliber_crawler.errors`.

"""
GENERAL = {
    0: "done",
    1: "failed",
    2: "wrong usage of the command line, or",
    3: "the command ran, but its checks failed, or",
}
REASON_CODES = """
## Reason codes

The codes of `problems.reason` and `frontier.reason`. `caliber status` counts them, and `caliber explain URL` prints
the meaning and the remedy for one URL. `http_404` and the like are the status of the response.
"""
PARTS = {
    "Fetching": reasons.FETCH,
    "Pages": reasons.PAGE,
    "Lists and traps": reasons.LISTS,
    "Files and records": reasons.RECORDS,
    "Runs": reasons.RUNS,
}


def causes() -> dict[int, list[tuple[str, str]]]:
    """The exceptions of each exit code with the first sentence of their documentation."""
    found: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for name, error in vars(errors).items():
        if isinstance(error, type) and issubclass(error, errors.CaliberError):
            found[error.exit_code].append((name, (error.__doc__ or "").partition("\n")[0]))
    return dict(sorted(found.items()))


def codes_page() -> str:
    """Both kinds of codes."""
    of_errors = causes()
    rows = []
    for number in sorted({0, *of_errors}):
        found = of_errors.get(number, [])
        general = GENERAL.get(number, "")
        meaning = " ".join(([general] if general else []) + ([] if number == 1 else [text for _, text in found]))
        rows.append((str(number), cell(meaning), ", ".join(code(name) for name, _ in found)))
    text = EXIT_CODES + table(("Exit code", "Meaning", "Exception"), rows) + REASON_CODES
    for heading, codes in PARTS.items():
        described = ((code(name), cell(reason.meaning), cell(reason.remedy)) for name, reason in codes.items())
        text += f"\n### {heading}\n\n" + table(("Code", "Meaning", "Remedy"), described)
    return text
