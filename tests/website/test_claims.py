"""No public page says what no test proves, nor a number that is not the setting's."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from website.claims import CLAIMS
from website.views.machines import public_paths

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "templates/website/pages"
MARK = re.compile(r'data-claim="([\w-]+)"')


def marked(language: str) -> dict[str, set[str]]:
    """Claims by page."""
    paths = PAGES.glob(f"*.{language}.html")
    return {path.name.split(".")[0]: set(MARK.findall(path.read_text())) for path in paths}


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_claim_is_made_in_both_languages() -> None:
    assert marked("de") == marked("en")


def test_the_table_holds_what_pages_claim_and_nothing_else() -> None:
    assert set(CLAIMS) == set().union(*marked("de").values())


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_proves_a_claim_exists(claim: str) -> None:
    assert CLAIMS[claim]
    for test in CLAIMS[claim]:
        file, _, name = test.partition("::")
        assert name in functions(ROOT / file), test


@pytest.mark.parametrize("page", ["home", "security", "privacy", "contact"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_no_promise_has_its_number_typed_in(page: str, language: str) -> None:
    text = (PAGES / f"{page}.{language}.html").read_text()
    text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", text)
    law = r"(Art\.|§)\s*[\w(), .]*?(GDPR|DSGVO|BDSG|TDDDG)|AES-256|3D|\b(Part|Teil) [12]"
    assert re.findall(r"\d+", re.sub(law, " ", text)) == []


def test_another_setting_is_another_sentence_on_every_page(
    client: Client, db: None, settings: Settings
) -> None:
    paths = [path for path in public_paths("de") if re.search(r"de/$|security|privacy", path)]
    assert len(paths) == 3
    settings.RETENTION_AESTHETIC_MONTHS = 731
    assert [path for path in paths if b"731" not in client.get(path).content] == []
