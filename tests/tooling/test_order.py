import re

from tests.tooling.repository import ROOT, our_files

MAX_MODULE_LENGTH = 400
VAGUE_NAMES = {"utils", "helpers", "common", "misc", "base", "manager"}
PATHS_OF_ONE_MACHINE = re.compile(r"(?<![\w.-])/(?:work|root|home/\w+|Users/\w+)/")
PACKAGE_REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:org|com)|(?:deb|ftp)\.debian\.org")


def texts() -> list[tuple[str, str]]:
    found = []
    for path in our_files():
        try:
            found.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:  # a picture
            continue
    return found


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_the_search_covers_the_whole_project():
    names = {name for name, _ in texts()}
    assert {
        "Makefile",
        ".ci/run",
        "pyproject.toml",
        "caliber_crawler/site/site.py",
        "tests/tooling/test_order.py",
    } <= names


def test_no_file_names_a_path_of_one_machine():
    assert lines_with(PATHS_OF_ONE_MACHINE) == []


def test_no_file_names_a_package_registry():
    assert lines_with(PACKAGE_REGISTRIES) == []


def test_no_module_is_longer_than_the_limit():
    lengths = {name: len(text.splitlines()) for name, text in texts() if name.endswith(".py")}
    assert {name: length for name, length in lengths.items() if length > MAX_MODULE_LENGTH} == {}


def test_no_module_has_a_vague_name():
    assert [path for path in our_files() if path.suffix == ".py" and path.stem in VAGUE_NAMES] == []
