"""docs/faults.md and docs/security.md name what there is: no test and no file that is not."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.environment import PROJECT

FAULTS = PROJECT / "docs" / "faults.md"
SECURITY = PROJECT / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)(\[[^`]+\])?`")
# A path of the project: with a folder, or with an ending that a file of it has.
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:py|md|toml|yml|json|txt))`")
HOW_MANY = 28


def rows() -> dict[int, tuple[str, str]]:
    """Invariants and tests of each fault."""
    found = ROW.findall(FAULTS.read_text())
    return {int(number): (asserts, tests) for number, _fault, asserts, tests in found}


def named(page: Path) -> list[tuple[str, str]]:
    return [(file, name) for file, name, _case in NODE.findall(page.read_text())]


@cache
def functions_of(file: str) -> frozenset[str]:
    path = PROJECT / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text())
    functions = (each for each in tree.body if isinstance(each, ast.FunctionDef))
    return frozenset(each.name for each in functions if each.name.startswith("test_"))


def test_every_fault_has_a_row() -> None:
    assert sorted(rows()) == list(range(1, HOW_MANY + 1))
    for number, (asserts, _) in rows().items():
        assert re.fullmatch(r"I[1-7]( I[1-7])*", asserts), number


def test_every_row_names_tests_or_says_why_there_are_none() -> None:
    for number, (_, tests) in rows().items():
        assert NODE.search(tests) or tests.startswith("none: "), number


@pytest.mark.parametrize("page", [FAULTS, SECURITY], ids=lambda page: page.stem)
def test_every_test_that_is_named_exists(page: Path) -> None:
    assert named(page)
    missing = [f"{file}::{name}" for file, name in named(page) if name not in functions_of(file)]
    assert missing == []


@pytest.mark.parametrize("page", [FAULTS, SECURITY], ids=lambda page: page.stem)
def test_every_file_that_is_named_exists(page: Path) -> None:
    files = set(FILE.findall(page.read_text()))
    assert files
    assert sorted(file for file in files if not (PROJECT / file).exists()) == []


def test_a_test_that_is_not_there_would_be_noticed() -> None:
    assert "test_every_fault_has_a_row" in functions_of("tests/faults/test_table.py")
    assert "test_that_nobody_wrote" not in functions_of("tests/faults/test_table.py")
    assert functions_of("tests/faults/test_that_is_not_there.py") == frozenset()
