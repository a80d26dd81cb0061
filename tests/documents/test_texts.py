"""What documents say comes from settings, register and probes, and keeps to describing."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override
from lxml import html as markup
from pytest_django import Settings

from documents.domain.catalogue import BILINGUAL, KINDS, LANGUAGES, kind_of
from documents.domain.edition import edition_of
from documents.domain.practice import Stated, period, stated_by
from onboarding.domain.texts import current_text
from onboarding.models import LegalText
from tests.frontend.words import RULES

ROOT = Path(__file__).parents[2]
DIGEST = re.compile(r"[0-9a-f]{8,}")
TEXTS = [
    *sorted((ROOT / "templates/documents/texts").glob("*.html")),
    *sorted((ROOT / "templates/onboarding/texts").glob("*.html")),
]

# Setting, another value, how that is printed, and the documents that name it.
NAMED: list[tuple[str, int, str, set[str]]] = [
    (
        "RETENTION_AESTHETIC_MONTHS",
        731,
        "731",
        {"agreement", "measures", "information", "consent", "access", "assessment", "record"},
    ),
    (
        "RETENTION_MEDICAL_YEARS",
        137,
        "137",
        {"agreement", "measures", "information", "access", "assessment", "record"},
    ),
    ("ERASURE_LIMIT_SECONDS", 733, "733", {"agreement", "measures", "assessment", "record"}),
    ("VISIT_DAYS", 739, "739", {"agreement", "measures", "access", "assessment", "record"}),
    ("RIGHTS_MONTHS", 743, "743", {"agreement", "assessment"}),
    ("LINK_LENGTH", 751, "751", {"agreement", "measures", "assessment"}),
    ("REPORT_COOKIE_SECONDS", 757 * 60, "757", {"agreement", "measures", "assessment"}),
    ("STAFF_IDLE_SECONDS", 761 * 60, "761", {"agreement", "measures", "assessment"}),
    ("STAFF_SESSION_SECONDS", 769 * 3600, "769", {"agreement", "measures"}),
    ("STAFF_FRESH_SECONDS", 773 * 60, "773", {"agreement", "measures"}),
    ("BACKUP_HOURS", 787, "787", {"agreement", "measures", "assessment", "record"}),
    ("BACKUP_KEYSTORE_DAYS", 797, "797", {"agreement", "measures", "assessment", "record"}),
    ("BACKUP_DATA_DAYS", 808, "809", {"agreement", "measures", "assessment", "record"}),
    ("EXPORT_DAYS", 811, "811", {"agreement", "measures"}),
]

# Words of rules on medical purpose that a legal document needs, and no others: what the law calls
# a treatment, a risk or a medical device. Compared exactly, so that none stays when it is not used.
ALLOWED: dict[tuple[str, str], set[str]] = {
    ("agreement", "de"): {"behandlung", "gesund"},  # "Gesundheitsdaten"
    ("information", "de"): {"behandlung", "gesund"},
    ("consent", "de"): {"gesund"},
    ("access", "de"): {"behandlung"},
    ("assessment", "de"): {"behandlung", "gesund", "risik"},
    ("record", "de"): {"behandlung"},
    ("measures", "de"): {"behandlung", "gesund"},
    ("purpose", "de"): {  # all that it denies
        *("befund", "behandel", "behandlung", "diagnos", "empfehl", "krank", "medizinprodukt"),
        *("therap", "überwach"),
    },
    ("agreement", "en"): {"treat"},
    ("information", "en"): {"treat"},
    ("access", "en"): {"treat"},
    ("assessment", "en"): {"risk", "risks", "treat"},
    ("record", "en"): {"treat"},
    ("measures", "en"): {"treat"},
    ("purpose", "en"): {
        *("detect", "diagnos", "diseas", "medical device", "predict", "recommend", "therap"),
        "treat",
    },
}


def words(body: str) -> str:
    return " ".join(str(markup.fragment_fromstring(body, "div").text_content()).split())


def bodies(stated: Stated, language: str) -> dict[str, str]:
    return {kind.key: edition_of(kind, language, stated).body for kind in KINDS}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("setting", "value", "printed", "kinds"), NAMED, ids=[n[0] for n in NAMED])
def test_another_setting_is_another_number_wherever_it_is_named(
    stated: Stated,
    settings: Settings,
    language: str,
    setting: str,
    value: int,
    printed: str,
    kinds: set[str],
) -> None:
    before = bodies(stated, language)
    assert not [key for key, body in before.items() if printed in body]
    setattr(settings, setting, value)
    after = bodies(stated_by(stated.practice), language)
    assert {key for key, body in after.items() if printed in body} == kinds
    assert {key for key in after if after[key] != before[key]} == kinds


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("setting", "value", "printed", "kinds"), NAMED, ids=[n[0] for n in NAMED])
def test_public_pages_say_the_same_number_as_the_documents(
    client: Client,
    db: None,
    settings: Settings,
    language: str,
    setting: str,
    value: int,
    printed: str,
    kinds: set[str],
) -> None:
    setattr(settings, setting, value)
    with override(language):
        pages = {kind: reverse("public:legal", args=[kind]) for kind in LegalText.Kind}
    # Digests hold whatever three digits one looks for.
    read = {kind: DIGEST.sub("", client.get(page).content.decode()) for kind, page in pages.items()}
    shown = {kind for kind, text in read.items() if printed in text}
    told = {kind for kind in LegalText.Kind if printed in current_text(kind, language).body}
    assert shown == told
    assert told <= {*kinds, "processors"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_number_of_ours_is_typed_in(path: Path) -> None:
    text = re.sub(r"{%.*?%}|{{.*?}}|<[^>]*>", " ", path.read_text())
    law = (
        r"(Art\.|§|Erwägungsgrund|recital|Kurzpapier|short paper|Regel|Rule|MDCG) ?"
        r"[\d(][\w(), .–-]*"
        r"|(to|bis|and|und|Abs\.|Nr\.|no\.|para\.|sentence|Satz) \(?\d+\)?|, \d+(?=[, ])"
        r"|AES-256|SHA-256|3D|C5|\(EU\) 2017/745|(Anlage|Annex|annex) \d|Anlage \d und \d"
    )
    left = re.sub(law, " ", text)
    left = re.sub(r"(?m)^\s*\d\d?[.:] |\(\d(, \d)*\)|\d(?=: )", " ", left)
    assert re.findall(r".{20}\d+.{10}", left) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_keeps_to_describing(stated: Stated, language: str) -> None:
    found = {
        kind.key: {match.group().lower() for match in RULES[language].finditer(words(body))}
        for kind, body in zip(KINDS, bodies(stated, language).values(), strict=True)
    }
    wanted = {kind.key: ALLOWED.get((kind.key, language), set()) for kind in KINDS}
    assert found == wanted


def test_one_letter_more_is_another_version(stated: Stated, settings: Settings) -> None:
    kind = kind_of("record")
    before = edition_of(kind, "de", stated)
    settings.OPERATOR = {**settings.OPERATOR, "name": settings.OPERATOR["name"] + "x"}
    after = edition_of(kind, "de", stated)
    assert after.digest != before.digest
    assert after.version != before.version


def test_both_languages_have_the_same_headings(stated: Stated) -> None:
    for kind in KINDS:
        counts = {
            language: [
                element.tag
                for element in markup.fragment_fromstring(
                    edition_of(kind, language, stated).body, "div"
                ).iter()
            ]
            for language in LANGUAGES
        }
        assert counts["de"] == counts["en"], kind.key


def test_a_bilingual_sheet_is_both_sheets(stated: Stated) -> None:
    kind = kind_of("information")
    both = edition_of(kind, BILINGUAL, stated).body
    for language in LANGUAGES:
        assert edition_of(kind, language, stated).body in both


def test_the_agreement_has_all_that_the_law_asks_for(stated: Stated) -> None:
    text = words(edition_of(kind_of("agreement"), "de", stated).body)
    asked = [
        *("Gegenstand und Dauer", "Art und Zweck", "Art der Daten", "betroffene Personen"),
        *("dokumentierte Weisung", "Vertraulichkeit verpflichtet", "Art. 32 DSGVO"),
        *("Art. 28 Abs. 2 DSGVO", "Art. 28 Abs. 4 DSGVO", "Art. 12 bis 22", "Art. 32 bis 36"),
        *("Buchst. g", "Inspektionen", "rechtswidrig", "§ 203", "24 Stunden"),
        *("Art. 82", "deutsches Recht", "Hamburg", "nicht für Werbung", "stellen wir den Dienst"),
    ]
    assert [clause for clause in asked if clause.lower() not in text.lower()] == []


@pytest.mark.parametrize(
    ("months", "said"), [(1, "1 month"), (24, "24 months"), (120, "10 years"), (37, "37 months")]
)
def test_a_period_is_said_as_people_say_it(months: int, said: str) -> None:
    with override("en"):
        assert period(months) == said
