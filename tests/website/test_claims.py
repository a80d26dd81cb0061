"""No public page says what no test proves."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.test import Client

from onboarding.domain.texts import current_text
from tests.website.reading import unclaimed
from website.claims import CLAIMS

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


# What the security page says of other things than the application, or only leads on.
NO_CLAIM = {
    "de": {
        (
            "Wer noch beteiligt ist, steht unter weitere Auftragsverarbeiter, auch mit Sitz"
            " außerhalb der EU."
        ),
        "Nein.",
        "Bitte an kontakt@dermalia.de, ohne Daten von Patientinnen und Patienten.",
    },
    "en": {
        (
            "Who else takes part is named under further processors, those established"
            " outside the EU included."
        ),
        "No.",
        "Please to kontakt@dermalia.de, without data of patients.",
    },
}


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_security_page_says_nothing_that_is_no_claim(
    client: Client, db: None, language: str
) -> None:
    html = client.get(f"/{language}/security/").content.decode()
    article = html.partition("</h1>")[2].partition("</article>")[0].partition("</p>")[2]
    text = re.sub(r"<(h2|summary)[^>]*>.*?</\1>", "", article)
    assert set(unclaimed(text)) == NO_CLAIM[language]


@pytest.mark.parametrize(
    ("language", "rules_out"),
    [
        ("de", "nicht für Werbung, nicht zum Anlernen von Modellen"),
        (
            "en",
            "do not use the data for advertising, for training models or for purposes of our own",
        ),
    ],
)
def test_the_agreement_rules_out_other_purposes(db: None, language: str, rules_out: str) -> None:
    assert rules_out in current_text("agreement", language).body
